#include "render/kustomize/patches.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "render/kustomize/patch_text.h"
#include "render/kustomize/selector.h"
#include "render/kustomize/shapes.h"
#include "render/kustomize/strategic_merge.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;

/// Puts a member back to what it was; nothing means that it was not there.
void restore(Node& map, std::string_view key, std::optional<Node> was) {
  if (was) {
    yaml::set(map, std::string(key), std::move(*was));
  } else if (auto* members = map.map()) {
    std::erase_if(*members, [key](const yaml::Member& member) { return member.key == key; });
  }
}

std::optional<Node> copy_of(const Node* node) {
  if (node == nullptr) return {};
  return *node;
}

/// Merges a patch into an object, which keeps its name, its kind and its namespace unless the patch may
/// change them. Returns false when the patch deletes it.
bool merge_into(Object& object, Node patch, const Patch& options, Context& context) {
  if (options.may_rename || options.may_change_kind) remember_id(object);
  auto& document = object.document;
  const auto* shape = patch_shape(text_of(document, "apiVersion"), text_of(document, "kind"));
  auto kind = copy_of(document.find("kind"));
  auto name = copy_of(document.at({"metadata", "name"}));
  auto namespace_ = copy_of(document.at({"metadata", "namespace"}));
  restore(patch, "apiVersion", copy_of(document.find("apiVersion")));

  const auto place = document.place;
  context.spend(weight(patch), patch.place);
  if (!merge_patch(document, std::move(patch), shape, context)) return false;
  document.place = place;
  if (!options.may_change_kind) restore(document, "kind", std::move(kind));
  if (auto* metadata = document.find("metadata"); metadata != nullptr && metadata->is_map()) {
    if (!options.may_rename) restore(*metadata, "name", std::move(name));
    restore(*metadata, "namespace", std::move(namespace_));
  }
  return true;
}

/// Kustomize's notes are annotations while it builds, so that a JSON patch finds the map of them.
bool has_notes(const Object& object) {
  return !object.previous.empty() || object.wants_hash || object.behavior != Behavior::unspecified;
}

/// An empty map goes again at the end of the build.
void make_annotations(Node& document) {
  auto* metadata = document.find("metadata");
  if (metadata == nullptr || !metadata->is_map()) return;
  const auto* annotations = metadata->find("annotations");
  if (annotations != nullptr && !annotations->is_null()) return;
  yaml::set(*metadata, "annotations", {Node::Map{}, document.place});
}

/// A JSON patch makes JSON of the object, in which a blank is null.
void write_out_nulls(Node& node) {
  if (auto* items = node.sequence()) {
    for (auto& item : *items) write_out_nulls(item);
  } else if (auto* members = node.map()) {
    for (auto& member : *members) {
      if (is_blank(member)) member.value.place = member.key_place;
      write_out_nulls(member.value);
    }
  }
}

class PatchRun {
 public:
  PatchRun(std::vector<Object>& objects, Context& context) : objects_(objects), context_(context) {}

  /// The patch names its own target.
  void by_id(const Node& patch, const Patch& options) {
    const auto* found = find(id_of(patch));
    const auto count = found == nullptr ? 0 : found->size();
    if (count != 1) {
      context_.problems.error(
          patch.place,
          count == 0 ? fmt::format("there is no {} to patch", described(patch))
                     : fmt::format("{} may mean {} objects", described(patch), count),
          count == 0 ? "fix its apiVersion, kind, name or namespace" : "write the namespace of the one");
      return;
    }
    const auto position = found->front();
    const bool kept = merge_into(objects_[position], patch, options, context_);
    if (!kept) objects_.erase(objects_.begin() + static_cast<std::ptrdiff_t>(position));
    if (!kept || options.may_rename || options.may_change_kind) index_.reset();
  }

  void by_target(const Node& patch, const Patch& options) {
    const TargetMatcher target(*options.target, context_.problems);
    auto written_anew = patch;
    make_texts(written_anew, "labels");
    make_texts(written_anew, "annotations");
    std::erase_if(objects_, [&](Object& object) {
      return target.matches(object) && !merge_into(object, written_anew, options, context_);
    });
    index_.reset();
  }

  void operate(const std::vector<Operation>& operations, const Patch& options, bool remember) {
    const TargetMatcher target(*options.target, context_.problems);
    for (auto& object : objects_) {
      if (!target.matches(object)) continue;
      if (remember) remember_id(object);
      if (remember || has_notes(object)) make_annotations(object.document);
      apply_json_patch(object.document, operations, context_);
      write_out_nulls(object.document);
    }
    index_.reset();
  }

 private:
  using Index = std::unordered_map<ObjectId, std::vector<std::size_t>>;

  /// The objects that are or were called so; null when there is none.
  const std::vector<std::size_t>* find(const ObjectId& id) {
    if (!index_) {
      index_.emplace();
      for (std::size_t i = 0; i < objects_.size(); ++i) {
        for (const auto& own : ids_of(objects_[i])) {
          auto& positions = (*index_)[own];
          if (positions.empty() || positions.back() != i) positions.push_back(i);
        }
      }
    }
    const auto found = index_->find(id);
    return found == index_->end() ? nullptr : &found->second;
  }

  std::vector<Object>& objects_;
  Context& context_;
  std::optional<Index> index_;
};

std::optional<ParsedPatch> parsed(const Patch& patch, const std::string& directory, Context& context) {
  return patch.path.empty() ? parse_inline_patch(patch.text, context)
                            : parse_patch_file(directory, patch.path, context);
}

void apply(const Patch& patch, const ParsedPatch& content, PatchRun& patcher, Problems& problems) {
  if (!patch.target) {
    if (!content.operations.empty()) {
      problems.error(patch.place, "a JSON patch needs a target", "write target: {kind: …, name: …}");
    }
    for (const auto& merge : content.merges) patcher.by_id(merge, patch);
  } else if (!content.operations.empty()) {
    patcher.operate(content.operations, patch, true);
  } else if (content.merges.size() > 1) {
    problems.error(patch.place, "a patch with a target holds one document", "write an item for each");
  } else {
    for (const auto& merge : content.merges) patcher.by_target(merge, patch);
  }
}

bool is_inline(const std::string& text) {
  return text.find('\n') != std::string::npos || text.find(": ") != std::string::npos ||
         text.starts_with('{');
}

}  // namespace

void apply_merge_patches(std::vector<Object>& objects, const std::vector<Text>& patches,
                         const std::string& directory, Context& context) {
  PatchRun patcher(objects, context);
  for (const auto& text : patches) {
    auto content = is_inline(text.value) ? parse_inline_patch(text, context)
                                         : parse_patch_file(directory, text, context);
    if (!content) continue;
    if (!content->operations.empty()) {
      context.problems.error(text.place, "this is a JSON patch, not a strategic merge patch",
                             "write it under patches, with a target");
    }
    for (auto& merge : content->merges) {
      make_texts(merge, "labels");
      make_texts(merge, "annotations");
      patcher.by_id(merge, {});
    }
  }
}

void apply_patches(std::vector<Object>& objects, const std::vector<Patch>& patches,
                   const std::string& directory, Context& context) {
  PatchRun patcher(objects, context);
  for (const auto& patch : patches) {
    if (const auto content = parsed(patch, directory, context)) {
      apply(patch, *content, patcher, context.problems);
    }
  }
}

void apply_json_patches(std::vector<Object>& objects, const std::vector<Patch>& patches,
                        const std::string& directory, Context& context) {
  PatchRun patcher(objects, context);
  for (const auto& patch : patches) {
    const auto content = parsed(patch, directory, context);
    if (!content || !patch.target) continue;
    if (!content->merges.empty()) {
      context.problems.error(patch.place, "an item of patchesJson6902 is a list of operations",
                             "write a strategic merge patch under patches");
    }
    patcher.operate(content->operations, patch, false);
  }
}

}  // namespace greenwave::render::kustomize
