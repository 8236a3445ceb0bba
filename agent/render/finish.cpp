#include "render/finish.h"

#include <fmt/format.h>

#include "base/text.h"
#include "render/content.h"

namespace greenwave::render {

namespace {

/// What Greenwave itself will read must be readable: an annotation of another type would silently do nothing.
void check_metadata(const yaml::Node& document, Problems& problems) {
  for (const auto key : {"annotations", "labels"}) {
    const auto* member = document.at({"metadata", key});
    if (member == nullptr || member->is_null()) continue;
    if (!member->is_map()) {
      problems.error(member->place, fmt::format("{} must be a map, not {}", key, kind_of(*member)),
                     fmt::format("write {}: {{name: value}}", key));
      continue;
    }
    for (const auto& [name, name_place, value] : *member->map()) {
      if (value.is_string()) continue;
      problems.error(value.place,
                     fmt::format("{}: {} must be a string, not {}", key, printable(name), kind_of(value)),
                     "put it in quotes");
    }
  }
}

}  // namespace

std::optional<Manifest> manifest_of(Assembled object, const SourceTree& tree, std::string_view digest_key,
                                    Problems& problems) {
  if (object.refused) return {};
  Manifest manifest{
      .id = std::move(object.id), .document = std::move(object.document), .source = {}, .digest = {}};
  Problems found;
  check_metadata(manifest.document, found);
  resolve_source(manifest, tree, found);
  problems.append(found);
  if (found.has_errors()) return {};
  seal(manifest, digest_key);
  return manifest;
}

}  // namespace greenwave::render
