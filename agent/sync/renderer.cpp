#include "sync/renderer.h"

#include <utility>

#include "base/digest.h"
#include "base/version.h"
#include "secrets/keyring.h"
#include "secrets/opening_tree.h"
#include "sync/intake/needs.h"

namespace greenwave::sync {

render::Identity Renderer::identity(Problems& problems) const {
  const auto& labels = config_.labels;
  return {config_.device, {labels.begin(), labels.end()},
          facts_,         secrets::read_keyring(config_.identity_files, problems),
          digest_key_,    config_.kubernetes.namespace_from_directory};
}

Renderer::Output Renderer::render(std::unique_ptr<SourceTree> files,
                                  std::optional<render::Rendered> made) const {
  Problems problems;
  const auto own = identity(problems);
  Output output{.files = std::make_unique<secrets::OpeningTree>(std::move(files), *own.keys), .rendered = {}};
  if (made) {
    output.rendered = std::move(*made);
    for (auto& manifest : output.rendered.manifests) seal(manifest, digest_key_);
  } else {
    output.rendered = render::render(*output.files, own);
  }
  output.rendered.problems.append(problems);
  return output;
}

std::string Renderer::key_of(const CommitId& commit) const {
  Hasher hasher;
  hasher.add_field(program_version).add_field(commit.text()).add_field(to_hex(config_.digest()));
  hasher.add_field(secrets::stamp_of(config_.identity_files));
  for (const auto& [key, value] : facts_) hasher.add_field(key).add_field(value);
  return to_hex(hasher.finish());
}

std::vector<std::string> Renderer::paths_needed(const SourceTree& files) const {
  Problems unsaid;  // the render that is applied says them
  return paths_read(files, identity(unsaid));
}

}  // namespace greenwave::sync
