#include "render/kustomize/patch_text.h"

#include <fmt/format.h>

#include "model/paths.h"
#include "render/object/opened.h"
#include "yaml/load.h"

namespace greenwave::render::kustomize {

namespace {

/// Where a line of an inline text is in the file. A text of many lines is taken for a block, which begins
/// on the line after; how far it is indented is not known.
class Shift {
 public:
  explicit Shift(const Text& text)
      : outer_(text.place), lines_(text.value.find('\n') == std::string::npos ? 0 : 1) {}

  void move(Place& place) const {
    place.file = outer_.file;
    place.line = outer_.line + place.line + lines_ - 1;
    place.column = 0;
  }

  void move(yaml::Node& node) const {
    move(node.place);
    if (auto* items = node.sequence()) {
      for (auto& item : *items) move(item);
    } else if (auto* members = node.map()) {
      for (auto& member : *members) {
        move(member.key_place);
        move(member.value);
      }
    }
  }

 private:
  const Place& outer_;
  std::uint32_t lines_;
};

bool names_an_object(const yaml::Node& patch, Problems& problems) {
  if (!text_of(patch, "kind").empty() && !name_of(patch).empty()) return true;
  problems.error(patch.place, "a strategic merge patch has a kind and a metadata.name",
                 "write those of the patched object; if the patch has a target, any name will do");
  return false;
}

/// kustomize reads the operations of a JSON patch as kubectl reads, and strategic merge patches as it reads
/// resources.
std::vector<yaml::Node> documents_of(const std::string& text, const std::string& file, Problems& problems) {
  Problems of_operations;
  auto operations = yaml::load_all(text, file, of_operations, {}, yaml::Dialect::kubernetes);
  if (!operations.empty() && operations.front().is_sequence()) {
    problems.append(of_operations);
    return operations;
  }
  return yaml::load_all(text, file, problems, {}, yaml::Dialect::kustomize);
}

std::optional<ParsedPatch> sorted_out(std::vector<yaml::Node> documents, const Place& place,
                                      Problems& problems) {
  if (documents.empty()) {
    problems.error(place, "the patch is empty", "write it, or remove this item");
    return {};
  }
  ParsedPatch patch;
  if (documents.size() == 1 && documents.front().is_sequence()) {
    Problems found;
    patch.operations = read_json_patch(documents.front(), found);
    problems.append(found);
    if (found.has_errors()) return {};
    return patch;
  }
  for (auto& document : documents) {
    if (!document.is_map()) {
      problems.error(document.place,
                     fmt::format("a patch is a map, or a list of operations, not {}", kind_of(document)));
      return {};
    }
    if (!names_an_object(document, problems)) return {};
    patch.merges.push_back(std::move(document));
  }
  return patch;
}

}  // namespace

std::optional<ParsedPatch> parse_inline_patch(const Text& text, Context& context) {
  const Shift shift(text);
  Problems found;
  auto documents = documents_of(text.value, *text.place.file, found);
  for (const auto& problem : found.list()) {
    auto place = problem.place;
    shift.move(place);
    if (problem.severity == Severity::error) {
      context.problems.error(place, problem.message, problem.remedy);
    } else {
      context.problems.warning(place, problem.message, problem.remedy);
    }
  }
  if (found.has_errors()) return {};
  for (auto& document : documents) shift.move(document);
  return sorted_out(std::move(documents), text.place, context.problems);
}

std::optional<ParsedPatch> parse_patch_file(const std::string& directory, const Text& path,
                                            Context& context) {
  const auto text = context.read(directory, path);
  if (!text) return {};
  Problems found;
  auto documents = documents_of(*text, *resolve_path(directory, path.value), found);
  context.problems.append(found);
  if (found.has_errors()) return {};
  open_documents(documents, *text, context.keys, context.file);
  return sorted_out(std::move(documents), path.place, context.problems);
}

}  // namespace greenwave::render::kustomize
