#include "render/kustomize/keyed_list.h"

#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "base/contains.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;
using Values = std::vector<std::string>;

/// Two lists of values combined, when they do not contradict each other and agree in at least one.
std::optional<Values> joined(const Values& a, const Values& b) {
  bool agree = false;
  Values both;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) {
      agree = true;
      both.push_back(a[i]);
    } else if (a[i].empty() || b[i].empty()) {
      both.push_back(a[i].empty() ? b[i] : a[i]);
    } else {
      return {};
    }
  }
  if (!agree) return {};
  return both;
}

}  // namespace

KeyedList::KeyedList(const Shape& shape, Merge merge, Tidy tidy, Problems& problems)
    : shape_(shape), merge_(std::move(merge)), tidy_(std::move(tidy)), problems_(problems) {
  keys_.push_back(shape.merge_key);
  if (!shape.second_key.empty()) keys_.push_back(shape.second_key);
}

Values KeyedList::values_of(const Node& item) const {
  Values values;
  for (const auto key : keys_) {
    const auto* value = item.find(key);
    values.push_back(value != nullptr ? scalar_text(*value) : std::string());
  }
  return values;
}

bool KeyedList::is_usable(const Node& item) const {
  if (item.is_map() && !values_of(item).front().empty()) return true;
  problems_.error(
      item.place,
      fmt::format("the items of {} merge by {}, and this one has none", shape_.name, shape_.merge_key),
      fmt::format("write its {}", shape_.merge_key));
  return false;
}

/// Of the items that the patch names, then of the others; with two keys, what fits together is joined.
std::vector<Values> KeyedList::all_values(std::size_t target_size) const {
  std::vector<Values> all;
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    auto values = values_of(pool_[(i + target_size) % pool_.size()]);
    if (!contains(all, values)) all.push_back(std::move(values));
  }
  if (keys_.size() == 1) return all;
  for (auto& a : all) {
    for (auto& b : all) {
      if (const auto both = joined(a, b)) a = b = *both;
    }
  }
  return all;
}

/// Whether the item has these values for the keys that are used; for an empty value it need only have some.
bool KeyedList::matches(const Node& item, const Values& values, const std::vector<bool>& used) const {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (!used[i]) continue;
    const auto* value = item.find(keys_[i]);
    if (value == nullptr || (!values[i].empty() && scalar_text(*value) != values[i])) return false;
  }
  return true;
}

std::size_t KeyedList::find(std::size_t from, std::size_t to, const Values& values) const {
  std::vector<bool> given;
  for (const auto& value : values) given.push_back(!value.empty());
  while (from < to && !matches(pool_[from], values, given)) ++from;
  return from;
}

void KeyedList::take_out(Positions& list, const Values& values, const std::vector<bool>& used) const {
  std::erase_if(list, [&](std::size_t position) { return matches(pool_[position], values, used); });
}

/// Puts the item in the place of every one that matches, or at the end when there is none.
void KeyedList::put(Positions& list, std::size_t item, const Values& values,
                    const std::vector<bool>& used) const {
  bool found = false;
  for (auto& position : list) {
    if (!matches(pool_[position], values, used)) continue;
    position = item;
    found = true;
  }
  if (!found) list.push_back(item);
}

Node::Sequence KeyedList::merged(Node::Sequence target, Node::Sequence patch) {
  const auto unusable = [this](const Node& item) { return !is_usable(item); };
  std::erase_if(target, unusable);
  std::erase_if(patch, unusable);
  const auto target_size = target.size();
  pool_ = std::move(target);
  std::move(patch.begin(), patch.end(), std::back_inserter(pool_));
  const auto size = pool_.size();
  const auto all = all_values(target_size);

  std::vector<bool> used(keys_.size(), false);
  for (const auto& values : all) {
    for (std::size_t i = 0; i < keys_.size(); ++i) used[i] = used[i] || !values[i].empty();
  }

  Positions rest(target_size);
  for (std::size_t i = 0; i < target_size; ++i) rest[i] = i;
  Positions order;
  std::vector<bool> spent(size, false);  // items of the patch are used up by what they are merged into
  for (const auto& values : all) {
    const auto old = find(0, target_size, values);
    const auto named = find(target_size, size, values);
    auto result = old;
    bool kept = old < target_size;
    if (named < size && !spent[named]) {
      if (kept) {
        kept = merge_(pool_[old], pool_[named]);
      } else {
        result = named;
        kept = tidy_(pool_[named]);
      }
    } else if (named < size && !kept) {
      result = named;
      kept = true;
    }
    if (!kept) {
      take_out(rest, values, used);
      continue;
    }
    if (named < size) spent[named] = true;
    put(order, result, values, used);
  }

  for (const auto position : rest) {
    auto values = values_of(pool_[position]);
    auto has = used;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (!used[i] || !values[i].empty()) continue;
      order.push_back(position);
      has[i] = false;
    }
    if (keys_.size() > 1 && used.back()) take_out(order, values, has);
    put(order, position, values, has);
  }

  Node::Sequence items;
  items.reserve(order.size());
  for (const auto position : order) items.push_back(pool_[position]);
  return items;
}

}  // namespace greenwave::render::kustomize
