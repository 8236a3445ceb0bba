#include "render/content.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "model/lead.h"
#include "model/paths.h"
#include "render/collect.h"
#include "secrets/sops.h"
#include "secrets/sops_file.h"

namespace greenwave::render {

namespace {

bool names_content(const ObjectId& id) {
  return id.kind == "File" || id.kind == "Directory" || id.kind == "Package";
}

/// The `spec.source` of an object that may have one; null for others. What a misspelt manifest names is
/// content as well: it must not be taken for manifests.
const yaml::Node* source_member(const ObjectId& id, const yaml::Node& document) {
  if (!is_own(id) && !names_content(id)) return nullptr;
  const auto* source = document.at({"spec", "source"});
  return source != nullptr && !source->is_null() ? source : nullptr;
}

/// The objects that name a path as a source.
struct Naming {
  ManifestFile* file;
  std::size_t object;
};

using Sources = std::unordered_map<std::string, std::vector<Naming>>;

Sources sources_in(std::vector<CollectedLayer>& layers, const SourceTree& tree) {
  Sources sources;
  for (auto& layer : layers) {
    for (auto& file : layer.files) {
      for (std::size_t i = 0; i < file.objects.size(); ++i) {
        const auto& object = file.objects[i];
        const auto* source = source_member(object.id, object.document);
        const auto* written = source != nullptr ? source->string() : nullptr;
        if (written == nullptr) continue;
        if (const auto path = normal_path(*written)) sources[follow(tree, *path).path].push_back({&file, i});
      }
    }
  }
  return sources;
}

/// Refuses objects whose source is `held` or a directory above it, and drops those sources.
void refuse_sources_over(const std::string& held, std::string_view what, Sources& sources) {
  any_above(held, [&](std::string_view above) {
    const auto found = sources.find(std::string(above));
    if (found == sources.end()) return false;
    for (const auto& naming : found->second) {
      auto& object = naming.file->objects[naming.object];
      naming.file->problems.error(source_member(object.id, object.document)->place,
                                  fmt::format("the source of {} holds {}", to_string(object.id), what),
                                  "keep content in a separate directory, without manifests");
      object.refused = true;
    }
    sources.erase(found);
    return false;
  });
}

/// What age encrypted says so by its name. SOPS keeps a file's name, and what it encrypts is small.
bool is_encrypted(const SourceTree& tree, const std::string& path) {
  if (path.ends_with(encrypted_ending)) return true;
  try {
    return secrets::looks_like_sops(tree.read(path, secrets::largest_sops_file));
  } catch (const Error& error) {
    if (error.fault() != Fault::invalid) throw;
    return false;  // it is too large for that
  }
}

}  // namespace

void set_content_aside(std::vector<CollectedLayer>& layers, const SourceTree& tree) {
  auto sources = sources_in(layers, tree);
  if (sources.empty()) return;
  for (const auto& layer : layers) {
    if (layer.layer.known) {
      refuse_sources_over(follow(tree, layer.layer.path).path,
                          fmt::format("the layer \"{}\"", printable(layer.layer.path)), sources);
    }
    for (const auto& file : layer.files) {
      const auto own = std::find_if(file.objects.begin(), file.objects.end(),
                                    [](const Declared& object) { return is_own(object.id); });
      if (own == file.objects.end()) continue;
      refuse_sources_over(file.path,
                          fmt::format("the manifest of {} ({})", to_string(own->id), printable(file.path)),
                          sources);
    }
  }
  const auto is_content = [&sources](const ManifestFile& file) {
    return any_above(file.path, [&](std::string_view above) { return sources.contains(std::string(above)); });
  };
  for (auto& layer : layers) std::erase_if(layer.files, is_content);
}

void resolve_source(Manifest& manifest, const SourceTree& tree, Problems& problems) {
  if (manifest.id.api_version != own_api || !names_content(manifest.id)) return;
  const auto* member = source_member(manifest.id, manifest.document);
  if (member == nullptr) return;
  const auto refuse = [&](std::string message, std::string remedy) {
    problems.error(member->place, std::move(message), std::move(remedy));
  };
  const auto* written = member->string();
  if (written == nullptr) {
    return refuse(fmt::format("source must be a string, not {}", kind_of(*member)),
                  "write the path of a file or a directory of the repository");
  }
  const auto path = normal_path(*written);
  if (!path || path->empty() || written->find("://") != std::string::npos) {
    return refuse(fmt::format("the source \"{}\" is not a path in the repository", printable(*written)),
                  "write it from the cluster's directory, without a leading / and without ..");
  }
  const bool wants_directory = manifest.id.kind == "Directory";
  const auto lead = follow(tree, *path);
  if (!lead.refusal.empty())
    return refuse(fmt::format("the source {}: {}", printable(*path), lead.refusal), lead.remedy);
  if (!lead.item) {
    std::vector<std::string> names;
    for (auto& sibling : tree.list(std::string(parent_path(*path)))) names.push_back(std::move(sibling.name));
    const auto meant = nearest(std::string_view(*path).substr(path->rfind('/') + 1), names);
    return refuse(fmt::format("the source {} does not exist in the repository", printable(*path)),
                  meant.empty()
                      ? "add it, or fix the path; it is relative to the root of the cluster"
                      : fmt::format("did you mean {}?", printable(join_path(parent_path(*path), meant))));
  }
  if (lead.is_directory() != wants_directory) {
    return refuse(
        fmt::format("the source {} is a {}", printable(*path), wants_directory ? "file" : "directory"),
        wants_directory ? "name a directory, or write kind: File" : "name a file, or write kind: Directory");
  }
  manifest.source =
      Source{lead.path, lead.item->oid, wants_directory, !wants_directory && is_encrypted(tree, lead.path)};
}

}  // namespace greenwave::render
