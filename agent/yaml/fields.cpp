#include "yaml/fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"

namespace greenwave::yaml {

Fields::Fields(const Node& node, std::string what, Problems& problems, Letters letters)
    : node_(node), what_(std::move(what)), problems_(problems), letters_(letters) {
  if (!node.is_map()) {
    problems_.error(node.place, fmt::format("{} must be a map, not {}", what_, kind_of(node)));
  }
}

bool Fields::is_called(std::string_view member, std::string_view key) const {
  return member == key || (letters_ == Letters::any_case && in_lower_case(member) == in_lower_case(key));
}

const Node* Fields::find(std::string_view key) const {
  const Node* exact = node_.find(key);
  if (exact != nullptr || letters_ == Letters::exact || !node_.is_map()) return exact;
  for (const auto& member : *node_.map()) {
    if (is_called(member.key, key)) return &member.value;
  }
  return nullptr;
}

Place Fields::place_of(std::string_view key) const {
  const Node* member = find(key);
  return member != nullptr ? member->place : node_.place;
}

void Fields::error(std::string_view key, std::string message, std::string remedy) {
  problems_.error(place_of(key), std::move(message), std::move(remedy));
}

const Node* Fields::any(std::string_view key) {
  asked_.emplace_back(key);
  const Node* member = find(key);
  return member == nullptr || member->is_null() ? nullptr : member;
}

const Node* Fields::typed(std::string_view key, bool right_type(const Node&), std::string_view expected) {
  const Node* member = any(key);
  if (member == nullptr || right_type(*member)) return member;
  std::string remedy;
  const bool scalar = !member->is_map() && !member->is_sequence();
  if (expected == "a string" && scalar) remedy = "put it in quotes";
  if (expected == "a list" && scalar && !member->is_null()) remedy = fmt::format("write {}: […]", key);
  error(key, fmt::format("{}: {} must be {}, not {}", what_, key, expected, kind_of(*member)), remedy);
  return nullptr;
}

std::optional<std::string> Fields::text(std::string_view key) {
  const Node* member = typed(
      key, [](const Node& node) { return node.is_string(); }, "a string");
  if (member == nullptr) return {};
  return *member->string();
}

std::string Fields::required_text(std::string_view key) {
  const auto value = text(key);
  const bool wrong_type = any(key) != nullptr && !value;
  if (!wrong_type && (!value || value->empty()) && node_.is_map()) {
    error(key, fmt::format("{}: {} is missing", what_, key), fmt::format("write {}: …", key));
  }
  return value.value_or("");
}

std::optional<bool> Fields::flag(std::string_view key) {
  const Node* member = typed(
      key, [](const Node& node) { return std::holds_alternative<bool>(node.value); }, "true or false");
  if (member == nullptr) return {};
  return std::get<bool>(member->value);
}

std::optional<std::int64_t> Fields::integer(std::string_view key, std::int64_t least, std::int64_t most) {
  const Node* member = typed(
      key, [](const Node& node) { return std::holds_alternative<std::int64_t>(node.value); },
      "a whole number");
  if (member == nullptr) return {};
  const auto value = std::get<std::int64_t>(member->value);
  if (value < least || value > most) {
    const bool open = most == std::numeric_limits<std::int64_t>::max();
    error(key, fmt::format("{}: {} is {}, out of range", what_, key, value),
          open ? fmt::format("write {} or more", least)
               : fmt::format("write a number from {} to {}", least, most));
    return {};
  }
  return value;
}

std::optional<double> Fields::number(std::string_view key) {
  const Node* member = typed(
      key,
      [](const Node& node) {
        return std::holds_alternative<double>(node.value) || std::holds_alternative<std::int64_t>(node.value);
      },
      "a number");
  if (member == nullptr) return {};
  if (const auto* real = std::get_if<double>(&member->value)) return *real;
  return static_cast<double>(std::get<std::int64_t>(member->value));
}

std::optional<Duration> Fields::duration(std::string_view key) {
  if (const auto* member = any(key)) {
    if (const auto* number = std::get_if<std::int64_t>(&member->value)) {
      error(key, fmt::format("{}: {} is {}, without a unit", what_, key, *number),
            fmt::format("write {}s for seconds", *number));
      return {};
    }
  }
  const auto value = text(key);
  if (!value) return {};
  try {
    return parse_duration(*value);
  } catch (const Error& problem) {
    error(key, fmt::format("{}: {}: {}", what_, key, problem.message()), problem.remedy());
    return {};
  }
}

std::vector<std::string> Fields::texts(std::string_view key) {
  std::vector<std::string> list;
  const Node* member = sequence(key);
  if (member == nullptr) return list;
  for (const auto& item : *member->sequence()) {
    if (const auto* value = item.string()) {
      list.push_back(*value);
    } else {
      problems_.error(item.place,
                      fmt::format("{}: {} must be a list of strings, not of {}", what_, key, kind_of(item)),
                      "put it in quotes");
    }
  }
  return list;
}

std::map<std::string, std::string> Fields::text_map(std::string_view key) {
  std::map<std::string, std::string> values;
  const Node* member = map(key);
  if (member == nullptr) return values;
  for (const auto& [name, name_place, value] : *member->map()) {
    if (const auto* string = value.string()) {
      values[name] = *string;
    } else {
      problems_.error(value.place,
                      fmt::format("{}: {}.{} must be a string, not {}", what_, key, name, kind_of(value)),
                      "put it in quotes");
    }
  }
  return values;
}

std::optional<std::string> Fields::word(std::string_view key, const std::vector<std::string>& words) {
  auto value = text(key);
  if (!value || contains(words, *value)) return value;
  error(key, fmt::format("{}: {} is \"{}\"", what_, key, printable(*value)),
        fmt::format("write one of: {}", fmt::join(words, ", ")));
  return {};
}

const Node* Fields::map(std::string_view key) {
  return typed(
      key, [](const Node& node) { return node.is_map(); }, "a map");
}

const Node* Fields::sequence(std::string_view key) {
  return typed(
      key, [](const Node& node) { return node.is_sequence(); }, "a list");
}

void Fields::done() {
  if (!node_.is_map()) return;
  for (const auto& member : *node_.map()) {
    const auto is_this = [&](const std::string& key) { return is_called(member.key, key); };
    if (std::any_of(asked_.begin(), asked_.end(), is_this)) continue;
    const auto meant = nearest(member.key, asked_);
    std::vector<std::string> known = asked_;
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    problems_.error(member.key_place, fmt::format("{} has no field \"{}\"", what_, printable(member.key)),
                    meant.empty() ? fmt::format("its fields are {}", fmt::join(known, ", "))
                                  : fmt::format("did you mean {}?", meant));
  }
}

}  // namespace greenwave::yaml
