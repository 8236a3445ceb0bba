#include "render/kustomize/resources.h"

#include <deque>
#include <utility>

#include <fmt/format.h>

#include "model/paths.h"
#include "render/kustomize/build_metadata.h"
#include "render/object/declared.h"
#include "render/object/opened.h"
#include "yaml/load.h"

namespace greenwave::render::kustomize {

namespace {

bool is_object(const yaml::Node& document, Problems& problems) {
  if (!document.is_map()) {
    problems.error(document.place, fmt::format("a manifest is a map, not {}", kind_of(document)),
                   "write apiVersion, kind, metadata and spec");
    return false;
  }
  const auto is_list = text_of(document, "kind").ends_with("List");
  for (const auto& [what, is_there] : {std::pair("kind", !text_of(document, "kind").empty()),
                                       std::pair("metadata.name", is_list || !name_of(document).empty())}) {
    if (is_there) continue;
    problems.error(document.place, fmt::format("the manifest has no {}", what),
                   "write it, or remove the file from resources");
    return false;
  }
  return true;
}

}  // namespace

std::vector<Object> read_resources(const std::string& directory, const Text& path, Context& context) {
  std::vector<Object> objects;
  const auto text = context.read(directory, path);
  if (!text) return objects;
  Problems found;
  auto documents =
      yaml::load_all(*text, *resolve_path(directory, path.value), found, {}, yaml::Dialect::kustomize);
  context.problems.append(found);
  if (found.has_errors()) return objects;
  open_documents(documents, *text, context.keys, context.file);

  std::deque<yaml::Node> rest(std::make_move_iterator(documents.begin()),
                              std::make_move_iterator(documents.end()));
  while (!rest.empty()) {
    auto document = std::move(rest.front());
    rest.pop_front();
    if (document.is_map() && document.map()->empty()) continue;
    if (!is_object(document, context.problems)) continue;
    context.spend(weight(document), document.place);
    if (auto* items = items_of(document)) {
      if (items->is_null()) continue;
      for (auto& item : *items->sequence()) rest.push_back(std::move(item));
      continue;
    }
    objects.push_back({});
    objects.back().document = std::move(document);
    take_hash_mark(objects.back());
  }
  return objects;
}

}  // namespace greenwave::render::kustomize
