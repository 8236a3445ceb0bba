#include "render/kustomize/value_path.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/text.h"
#include "render/kustomize/field_path.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;
using Path = std::span<const std::string>;

std::optional<std::size_t> position_in(std::string_view part) {
  std::size_t position = 0;
  const auto [end, failure] = std::from_chars(part.data(), part.data() + part.size(), position);
  if (failure != std::errc{} || end != part.data() + part.size()) return {};
  return position;
}

bool is_condition(std::string_view part) {
  return part.starts_with('[') && part.ends_with(']');
}

/// "[name=web]": the member that is looked at (empty: the item itself) and what it must be.
struct Condition {
  std::string key;
  std::string value;
};

std::optional<Condition> condition_in(std::string_view part) {
  part = part.substr(1, part.size() - 2);
  const auto sign = part.find('=');
  if (sign == std::string_view::npos) return {};
  return Condition{std::string(part.substr(0, sign)), std::string(part.substr(sign + 1))};
}

const Node* looked_at(const Node& item, const Condition& condition) {
  return condition.key.empty() ? &item : item.find(condition.key);
}

class ValueWalk {
 public:
  ValueWalk(Missing missing, const Place& place, Problems& problems, const std::function<void(Node&)>& visit)
      : missing_(missing), place_(place), problems_(problems), visit_(visit) {}

  std::size_t go(Node& node, Path path) {
    if (path.empty()) {
      visit_(node);
      return 1;
    }
    const auto& part = path.front();
    if (const auto position = position_in(part)) return at_position(node, *position, path);
    if (is_condition(part)) return where(node, path);
    if (part == "*") return in_all(node, path.subspan(1));
    return in_member(node, path);
  }

 private:
  bool makes() const { return missing_ != Missing::left_out; }

  /// What must come before the rest of a path.
  Node made_for(Path rest) const {
    Node node;
    node.place = place_;
    const bool wants_list =
        rest.empty() ? missing_ == Missing::list : is_condition(rest.front()) || position_in(rest.front());
    const bool wants_map = rest.empty() ? missing_ == Missing::map : !wants_list;
    if (wants_list) {
      node.value = Node::Sequence{};
    } else if (wants_map) {
      node.value = Node::Map{};
    }
    return node;
  }

  std::size_t wrong_type(const Node& node, std::string_view expected) {
    problems_.error(place_, fmt::format("the path leads to {}, not {}", kind_of(node), expected),
                    "fix the path");
    return 0;
  }

  std::size_t in_member(Node& node, Path path) {
    if (node.is_null()) return 0;
    if (!node.is_map()) return wrong_type(node, "a map");
    auto* member = node.find(path.front());
    if (member == nullptr) {
      if (!makes()) return 0;
      yaml::set(node, path.front(), made_for(path.subspan(1)));
      member = node.find(path.front());
    }
    return go(*member, path.subspan(1));
  }

  std::size_t at_position(Node& node, std::size_t position, Path path) {
    auto* items = node.sequence();
    if (items == nullptr) return wrong_type(node, "a list");
    if (position == items->size() && makes()) items->push_back(made_for(path.subspan(1)));
    if (position >= items->size()) {
      problems_.error(place_, fmt::format("the path names item {} of a list that has {}", position,
                                          count_of(items->size(), "item")));
      return 0;
    }
    return go((*items)[position], path.subspan(1));
  }

  std::size_t in_all(Node& node, Path rest) {
    auto* items = node.sequence();
    if (items == nullptr) return wrong_type(node, "a list");
    std::size_t count = 0;
    for (auto& item : *items) count += go(item, rest);
    return count;
  }

  std::size_t where(Node& node, Path path) {
    const auto condition = condition_in(path.front());
    auto* items = node.sequence();
    if (items == nullptr) return wrong_type(node, "a list");
    if (!condition) {
      problems_.error(place_, fmt::format("{} is not a condition", printable(path.front())),
                      "write [name=web]");
      return 0;
    }
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    const re2::RE2 pattern(condition->value, options);
    if (!pattern.ok()) {
      problems_.error(place_, fmt::format("\"{}\" is not a regular expression", printable(condition->value)));
      return 0;
    }
    // The rest of the path does not count for a plain item: there is nothing below it.
    const auto rest = condition->key.empty() ? Path{} : path.subspan(1);
    std::size_t count = 0;
    for (auto& item : *items) {
      const auto* value = looked_at(item, *condition);
      if (value != nullptr && re2::RE2::PartialMatch(scalar_text(*value), pattern)) count += go(item, rest);
    }
    if (count > 0 || !makes()) return count;
    items->push_back(made_for_condition(*condition));
    return go(items->back(), rest);
  }

  Node made_for_condition(const Condition& condition) const {
    if (condition.key.empty()) return {condition.value, place_};
    Node item{Node::Map{}, place_};
    yaml::set(item, condition.key, {condition.value, place_});
    return item;
  }

  Missing missing_;
  const Place& place_;
  Problems& problems_;
  const std::function<void(Node&)>& visit_;
};

}  // namespace

std::vector<std::string> split_value_path(std::string_view path) {
  const auto parts = split_path(path, '.');
  std::vector<std::string> result;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto part = parts[i];
    if (part.starts_with('[') && !part.ends_with(']')) {
      while (i + 1 < parts.size() && !part.ends_with(']')) part += '.' + parts[++i];
      if (part.find('=') == std::string::npos) {
        const auto first = part.find_first_not_of("[]");
        const auto last = part.find_last_not_of("[]");
        part = first == std::string::npos ? std::string() : part.substr(first, last - first + 1);
      }
    }
    result.push_back(std::move(part));
  }
  return result;
}

const Node* value_at(const Node& node, const std::vector<std::string>& path) {
  const Node* at = &node;
  for (const auto& raw : path) {
    const auto part = trim(raw);
    if (part.empty()) continue;
    const auto* items = at->sequence();
    const auto position = position_in(part);
    if (position || part == "-") {
      if (items == nullptr || items->empty() || (position && *position >= items->size())) return nullptr;
      at = &(*items)[position.value_or(items->size() - 1)];
    } else if (is_condition(part)) {
      const auto condition = condition_in(part);
      if (items == nullptr || !condition) return nullptr;
      const auto found = std::find_if(items->begin(), items->end(), [&](const Node& item) {
        const auto* value = looked_at(item, *condition);
        return value != nullptr && scalar_text(*value) == condition->value;
      });
      if (found == items->end()) return nullptr;
      at = &*found;
    } else {
      at = at->find(part);
      if (at == nullptr) return nullptr;
    }
  }
  return at;
}

Node* value_at(Node& node, const std::vector<std::string>& path) {
  return const_cast<Node*>(value_at(std::as_const(node), path));
}

std::size_t each_value_at(Node& node, const std::vector<std::string>& path, Missing missing,
                          const Place& place, Problems& problems, const std::function<void(Node&)>& visit) {
  return ValueWalk(missing, place, problems, visit).go(node, path);
}

}  // namespace greenwave::render::kustomize
