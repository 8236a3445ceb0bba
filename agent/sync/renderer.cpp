#include "sync/renderer.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/version.h"
#include "render/opening_tree.h"
#include "secrets/keyring.h"
#include "sync/intake/needs.h"

namespace greenwave::sync {

namespace {

bool has_encrypted_source(const Manifest& manifest) {
  return manifest.source && manifest.source->encrypted;
}

}  // namespace

render::Recipient Renderer::recipient() const {
  const auto& labels = config_.labels;
  return {
      config_.device, {labels.begin(), labels.end()}, facts_, config_.kubernetes.namespace_from_directory};
}

Renderer::Output Renderer::render(std::unique_ptr<SourceTree> files,
                                  std::optional<render::Rendered> made) const {
  std::unique_ptr<render::Engine> engine;
  if (!made || !config_.identity_files.empty()) engine = begin_();
  Output output{.files = {}, .rendered = made ? std::move(*made) : engine->render(*files, recipient())};
  auto& rendered = output.rendered;
  for (auto& manifest : rendered.manifests) seal(manifest, digest_key_);
  if (engine) rendered.problems.append(engine->key_problems());
  if (!std::ranges::any_of(rendered.manifests, has_encrypted_source)) engine.reset();
  output.files = std::make_unique<render::OpeningTree>(std::move(files), std::move(engine), begin_);
  return output;
}

std::string Renderer::key_of(const CommitId& commit) const {
  Hasher hasher;
  hasher.add_field(program_version).add_field(commit.text()).add_field(to_hex(config_.digest()));
  hasher.add_field(secrets::stamp_of(config_.identity_files));
  for (const auto& [key, value] : facts_) hasher.add_field(key).add_field(value);
  return to_hex(hasher.finish());
}

std::vector<std::string> Renderer::paths_needed(const SourceTree& files, render::Engine& engine) const {
  return paths_read(files, engine, recipient());
}

}  // namespace greenwave::sync
