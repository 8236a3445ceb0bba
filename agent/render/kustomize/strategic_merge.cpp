#include "render/kustomize/strategic_merge.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "render/kustomize/keyed_list.h"
#include "render/kustomize/object.h"
#include "render/kustomize/shapes.h"
#include "render/object/merge.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Member;
using yaml::Node;
using Directive = render::Patch;

const Shape* below(const Shape* shape, std::string_view key) {
  return shape != nullptr ? shape->member(key) : nullptr;
}

bool merges(const Shape* shape) {
  return shape != nullptr && !shape->merge_key.empty();
}

/// What an item that is a directive and nothing else says of its list. Removes the item. Where it is the
/// first directive and replaces the list, kustomize takes every item with `$patch: replace` for another of
/// the kind.
Directive take_list_directive(Node::Sequence& items, Problems& problems) {
  auto directive = Directive::merge;
  bool first = true;
  bool replaces = false;
  std::erase_if(items, [&](Node& item) {
    if (!item.is_map()) return false;
    const bool says_replace = text_of(item, "$patch") == "replace";
    const bool alone = item.map()->size() == 1 && item.map()->front().key == "$patch";
    replaces = replaces || (first && alone && says_replace);
    first = first && text_of(item, "$patch").empty();
    if (!alone) return replaces && says_replace;
    directive = take_patch(item, problems);
    return true;
  });
  return directive;
}

/// Whether two items have the same value of a key that all of them have.
bool has_doubles(const Node::Sequence& items, std::string_view key) {
  std::unordered_set<std::string> seen;
  bool doubles = false;
  for (const auto& item : items) {
    const auto* value = key == by_value ? &item : item.find(key);
    auto text = value != nullptr ? scalar_text(*value) : std::string();
    if (text.empty()) return false;
    doubles = !seen.insert(std::move(text)).second || doubles;
  }
  return doubles;
}

class Merger {
 public:
  explicit Merger(Context& context) : context_(context) {}

  /// Both are maps. Returns false when the patch deletes the target.
  bool map(Node& target, Node patch, const Shape* shape) {
    switch (take_patch(patch, context_.problems)) {
      case Directive::remove:
        return false;
      case Directive::replace:
        target = std::move(patch);
        tidy_members(target, shape);
        return true;
      case Directive::merge:
        break;
    }
    for (auto& member : *patch.map()) {
      const auto* const shape_below = below(shape, member.key);
      merge_member(target, std::move(member), shape_below);
    }
    return true;
  }

  /// What kustomize does to the rest of an object that it patches, wherever merging leads: members behind
  /// whose colon nothing is written go, and items of a list that have the same key become one.
  void tidy_rest(Node& value, const Shape* shape) {
    if (auto* members = value.map()) {
      std::erase_if(*members, is_blank);
      for (auto& member : *members) tidy_rest(member.value, below(shape, member.key));
    } else if (auto* items = value.sequence(); items != nullptr && merges(shape)) {
      for (auto& item : *items) tidy_rest(item, shape);
      if (!has_doubles(*items, shape->merge_key)) return;
      Node nothing{Node::Sequence{}, value.place};
      list(std::move(value), std::move(nothing), *shape, value);
    }
  }

  /// Carries out what a patch says to itself, where there is nothing to merge with. Returns false when
  /// nothing is left of it.
  bool tidy(Node& value, const Shape* shape) {
    if (value.is_null()) return false;
    if (value.is_map()) {
      if (take_patch(value, context_.problems) == Directive::remove) return false;
      tidy_members(value, shape);
    } else if (value.is_sequence() && merges(shape)) {
      if (take_list_directive(*value.sequence(), context_.problems) == Directive::remove) return false;
      Node empty{Node::Sequence{}, value.place};
      list(std::move(empty), std::move(value), *shape, value);
    }
    return true;
  }

 private:
  void tidy_members(Node& map, const Shape* shape) {
    std::erase_if(*map.map(), [&](Member& member) { return !tidy(member.value, below(shape, member.key)); });
  }

  void merge_member(Node& target, Member member, const Shape* shape) {
    auto& members = *target.map();
    const auto at = std::find_if(members.begin(), members.end(),
                                 [&member](const Member& present) { return present.key == member.key; });
    if (member.value.is_null()) {
      if (at != members.end()) members.erase(at);
    } else if (at == members.end()) {
      if (tidy(member.value, shape)) members.push_back(std::move(member));
    } else if (at->value.is_null()) {
      if (tidy(member.value, shape)) {
        at->value = std::move(member.value);
      } else {
        members.erase(at);
      }
    } else if (!merge_value(at->value, std::move(member.value), member.key, shape)) {
      members.erase(at);
    }
  }

  bool merge_value(Node& target, Node patch, std::string_view key, const Shape* shape) {
    if (target.is_map() && patch.is_map()) return map(target, std::move(patch), shape);
    if (target.is_sequence() && patch.is_sequence()) return sequence(target, std::move(patch), shape);
    if (target.is_map() || target.is_sequence() || patch.is_map() || patch.is_sequence()) {
      context_.problems.error(patch.place,
                              fmt::format("{} is {} here, and {} in what is patched ({})", printable(key),
                                          kind_of(patch), kind_of(target), to_string(target.place)),
                              "give it the same type, or remove it with null in a patch before this one");
      return true;
    }
    target = std::move(patch);
    return true;
  }

  bool sequence(Node& target, Node patch, const Shape* shape) {
    if (!merges(shape)) {
      target = std::move(patch);
      return true;
    }
    switch (take_list_directive(*patch.sequence(), context_.problems)) {
      case Directive::remove:
        return false;
      case Directive::replace:
        target = {Node::Sequence{}, patch.place};
        break;
      case Directive::merge:
        break;
    }
    list(std::move(target), std::move(patch), *shape, target);
    return true;
  }

  void list(Node target, Node patch, const Shape& shape, Node& merged) {
    const auto place = patch.place;
    const auto length = target.sequence()->size() + patch.sequence()->size();
    context_.spend(length * length, place);  // items are compared with each other
    merged.place = place;
    if (shape.merge_key == by_value) {
      merged.value = united(std::move(*target.sequence()), std::move(*patch.sequence()));
      return;
    }
    // An item with `$patch: replace` leaves the old one as it is: kustomize takes the old one back when it
    // puts the list together.
    KeyedList::Merge merge_items = [&](Node& item, Node with) {
      return text_of(with, "$patch") == "replace" || map(item, std::move(with), &shape);
    };
    KeyedList::Tidy tidy_item = [&](Node& item) { return tidy(item, &shape); };
    merged.value = KeyedList(shape, std::move(merge_items), std::move(tidy_item), context_.problems)
                       .merged(std::move(*target.sequence()), std::move(*patch.sequence()));
  }

  static Node::Sequence united(Node::Sequence target, Node::Sequence patch) {
    Node::Sequence all;
    std::move(target.begin(), target.end(), std::back_inserter(patch));
    for (auto& item : patch) {
      const bool is_new = std::none_of(all.begin(), all.end(),
                                       [&item](const Node& present) { return same_value(present, item); });
      if (is_new) all.push_back(std::move(item));
    }
    return all;
  }

  Context& context_;
};

}  // namespace

bool merge_patch(Node& target, Node patch, const Shape* shape, Context& context) {
  Merger merger(context);
  if (!merger.map(target, std::move(patch), shape)) return false;
  merger.tidy_rest(target, shape);
  return true;
}

}  // namespace greenwave::render::kustomize
