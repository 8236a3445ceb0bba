#include "render/object/merge.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::render {

namespace {

using yaml::Member;
using yaml::Node;

constexpr std::string_view directive = "$patch";

/// Directives of Kubernetes' patches that would silently do nothing here.
bool is_foreign_directive(std::string_view key) {
  return key == "$retainKeys" || key.starts_with("$setElementOrder/") ||
         key.starts_with("$deleteFromPrimitiveList/");
}

Patch patch_of(const Node& value, Problems& problems) {
  const auto* word = value.string();
  if (word != nullptr && *word == "merge") return Patch::merge;
  if (word != nullptr && *word == "replace") return Patch::replace;
  if (word != nullptr && *word == "delete") return Patch::remove;
  problems.error(value.place,
                 word != nullptr ? fmt::format("$patch: {} is not supported", printable(*word))
                                 : fmt::format("$patch must be a word, not {}", kind_of(value)),
                 "write delete, replace or merge");
  return Patch::merge;
}

/// What `$patch` says of a list: an item with that member alone. Removes the item.
Patch take_list_patch(Node::Sequence& items, Problems& problems) {
  const auto is_directive = [](const Node& item) {
    return item.is_map() && item.map()->size() == 1 && item.map()->front().key == directive;
  };
  Patch patch = Patch::merge;
  std::erase_if(items, [&](const Node& item) {
    if (!is_directive(item)) return false;
    patch = patch_of(item.map()->front().value, problems);
    return true;
  });
  return patch;
}

/// Finds the members of a map by key: by an index once the map is large, so that two large maps do not cost
/// the product of their sizes.
class MemberIndex {
 public:
  explicit MemberIndex(const Node::Map& members, std::size_t lookups) : members_(members) {
    if (members.size() < 16 || lookups < 4) return;
    for (std::size_t i = 0; i < members.size(); ++i) index_.emplace(members[i].key, i);
  }

  std::optional<std::size_t> find(std::string_view key) const {
    if (!index_.empty()) {
      const auto found = index_.find(std::string(key));
      if (found == index_.end()) return {};
      return found->second;
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (members_[i].key == key) return i;
    }
    return {};
  }

 private:
  const Node::Map& members_;
  std::unordered_map<std::string, std::size_t> index_;
};

/// Finds the items of a list by their merge key.
class ItemIndex {
 public:
  ItemIndex(const Node::Sequence& items, const Shape& shape) : items_(items), shape_(shape) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (const auto* key = items[i].find(shape.merge_key)) index_[yaml::canonical(*key)].push_back(i);
    }
  }

  /// `item` has the merge key.
  std::optional<std::size_t> find(const Node& item) const {
    const auto found = index_.find(yaml::canonical(*item.find(shape_.merge_key)));
    if (found == index_.end()) return {};
    const auto& same_key = found->second;
    if (shape_.second_key.empty()) return same_key.front();
    for (const auto i : same_key) {
      if (second_of(items_[i]) == second_of(item)) return i;
    }
    // An item that leaves it out means the only port of that number, whatever its protocol.
    if (item.find(shape_.second_key) == nullptr) return same_key.front();
    return {};
  }

 private:
  std::string_view second_of(const Node& item) const {
    const auto* second = item.find(shape_.second_key);
    const auto* text = second != nullptr ? second->string() : nullptr;
    return text != nullptr ? std::string_view(*text) : shape_.second_default;
  }

  const Node::Sequence& items_;
  const Shape& shape_;
  std::unordered_map<std::string, std::vector<std::size_t>> index_;
};

/// Positions that are taken out together at the end, so that indexes stay true until then.
class Removed {
 public:
  void add(std::size_t position) { positions_.push_back(position); }

  template <class Container>
  void erase_from(Container& container) {
    if (positions_.empty()) return;
    std::sort(positions_.begin(), positions_.end());
    std::size_t at = 0;
    std::erase_if(container, [&](const auto&) {
      return std::binary_search(positions_.begin(), positions_.end(), at++);
    });
  }

 private:
  std::vector<std::size_t> positions_;
};

class Merger {
 public:
  explicit Merger(Problems& problems) : problems_(problems) {}

  void any(Node& base, Node patch, const Shape* shape) {
    if (patch.is_map() && base.is_map()) {
      map(base, std::move(patch), shape);
    } else if (patch.is_sequence() && base.is_sequence() && shape != nullptr && !shape->merge_key.empty()) {
      list(base, std::move(patch), *shape);
    } else {
      settle(patch, true);
      base = std::move(patch);
    }
  }

  /// Carries out the directives in what has nothing earlier to merge with. In a patch, nulls only say that
  /// something is to be absent; in a first declaration they are values.
  void settle(Node& node, bool drop_nulls) {
    if (auto* items = node.sequence()) {
      if (take_list_patch(*items, problems_) == Patch::remove) items->clear();
      std::erase_if(*items, [&](Node& item) { return settled_to_nothing(item, drop_nulls); });
    } else if (auto* members = node.map()) {
      refuse_foreign(*members);
      std::erase_if(*members, [&](Member& member) {
        return (drop_nulls && member.value.is_null()) || settled_to_nothing(member.value, drop_nulls);
      });
    }
  }

  void refuse_foreign(const Node::Map& members) {
    for (const auto& member : members) {
      if (!is_foreign_directive(member.key)) continue;
      problems_.error(member.key_place, fmt::format("{} is not supported here", printable(member.key)),
                      "write $patch: delete or $patch: replace");
    }
  }

 private:
  /// Settles a value; returns whether it says that it is to be absent.
  bool settled_to_nothing(Node& value, bool drop_nulls) {
    const auto patch = value.is_map() ? take_patch(value, problems_) : Patch::merge;
    if (patch == Patch::remove) return true;
    settle(value, drop_nulls && patch != Patch::replace);
    return false;
  }

  void map(Node& base, Node patch, const Shape* shape) {
    auto& members = *base.map();
    refuse_foreign(*patch.map());
    const MemberIndex index(members, patch.map()->size());
    Removed removed;
    Node::Map added;
    for (auto& member : *patch.map()) {
      const auto at = index.find(member.key);
      const auto what = member.value.is_map() ? take_patch(member.value, problems_) : Patch::merge;
      if (what == Patch::remove || member.value.is_null()) {
        if (at) removed.add(*at);
      } else if (what == Patch::merge && at) {
        any(members[*at].value, std::move(member.value),
            shape != nullptr ? shape->member(member.key) : nullptr);
      } else {
        settle(member.value, what != Patch::replace);
        if (at) {
          members[*at] = std::move(member);
        } else {
          added.push_back(std::move(member));
        }
      }
    }
    removed.erase_from(members);
    std::move(added.begin(), added.end(), std::back_inserter(members));
  }

  void list(Node& base, Node patch, const Shape& shape) {
    auto& items = *base.sequence();
    switch (take_list_patch(*patch.sequence(), problems_)) {
      case Patch::remove:
        items.clear();
        return;
      case Patch::replace:
        settle(patch, false);
        base = std::move(patch);
        return;
      case Patch::merge:
        break;
    }
    const ItemIndex index(items, shape);
    Removed removed;
    Node::Sequence added;
    for (auto& item : *patch.sequence()) {
      if (item.find(shape.merge_key) == nullptr) {
        problems_.error(
            item.place,
            fmt::format("the items of {} merge by {}, and this one has none", shape.name, shape.merge_key),
            fmt::format("write its {}", shape.merge_key));
        continue;
      }
      const auto at = index.find(item);
      const auto what = take_patch(item, problems_);
      if (what == Patch::remove) {
        if (at) removed.add(*at);
      } else if (what == Patch::merge && at) {
        map(items[*at], std::move(item), &shape);
      } else {
        settle(item, what != Patch::replace);
        if (at) {
          items[*at] = std::move(item);
        } else {
          added.push_back(std::move(item));
        }
      }
    }
    removed.erase_from(items);
    std::move(added.begin(), added.end(), std::back_inserter(items));
  }

  Problems& problems_;
};

}  // namespace

Patch take_patch(Node& map, Problems& problems) {
  auto& members = *map.map();
  const auto found = std::find_if(members.begin(), members.end(),
                                  [](const Member& member) { return member.key == directive; });
  if (found == members.end()) return Patch::merge;
  const auto patch = patch_of(found->value, problems);
  members.erase(found);
  return patch;
}

void merge(Node& base, Node patch, const Shape& shape, Problems& problems) {
  Merger(problems).any(base, std::move(patch), &shape);
}

void settle_directives(Node& document, Problems& problems) {
  Merger(problems).settle(document, false);
}

}  // namespace greenwave::render
