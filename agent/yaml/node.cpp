#include "yaml/node.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "yaml/scalar.h"

namespace greenwave::yaml {

const Node* Node::find(std::string_view key) const {
  const Map* members = map();
  if (members == nullptr) return nullptr;
  const auto found = std::find_if(members->begin(), members->end(),
                                  [key](const Member& member) { return member.key == key; });
  return found == members->end() ? nullptr : &found->value;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(std::as_const(*this).find(key));
}

const Node* Node::at(std::initializer_list<std::string_view> keys) const {
  const Node* node = this;
  for (const auto key : keys) {
    node = node->find(key);
    if (node == nullptr) return nullptr;
  }
  return node;
}

std::size_t count_openings(std::string_view text) {
  std::size_t count = 0;
  for (auto at = text.find(opening); at != text.npos; at = text.find(opening, at + opening.size())) ++count;
  return count;
}

bool is_true(const Node* node) {
  const auto* flag = node != nullptr ? std::get_if<bool>(&node->value) : nullptr;
  return flag != nullptr && *flag;
}

std::span<const Node> items_in(const Node* node) {
  if (node == nullptr || !node->is_sequence()) return {};
  return *node->sequence();
}

void set(Node& map, std::string key, Node value) {
  if (Node* present = map.find(key)) {
    *present = std::move(value);
  } else if (auto* members = map.map()) {
    const Place place = value.place;
    members->push_back({std::move(key), place, std::move(value)});
  }
}

std::string_view kind_of(const Node& node) {
  static constexpr std::string_view names[] = {"nothing",  "a boolean", "a whole number", "a number",
                                               "a string", "a list",    "a map"};
  return names[node.value.index()];
}

std::string printed(const Node& node) {
  if (const auto* text = node.string()) return *text;
  if (node.is_null() || node.is_map() || node.is_sequence()) return {};
  return to_json(node).dump();
}

std::string spelling_of(const Node& node) {
  if (node.written == nullptr || node.written->spelling.empty()) return printed(node);
  const auto& spelling = node.written->spelling;
  for (const auto dialect : {Dialect::kubernetes, Dialect::kustomize}) {
    if (same_value({plain_scalar(spelling, dialect), {}}, node)) return spelling;
  }
  return printed(node);
}

bool same_value(const Node& a, const Node& b) {
  if (a.value.index() != b.value.index()) return false;
  if (const auto* left = a.sequence()) {
    const auto* right = b.sequence();
    return std::equal(left->begin(), left->end(), right->begin(), right->end(), same_value);
  }
  if (const auto* left = a.map()) {
    if (left->size() != b.map()->size()) return false;
    return std::all_of(left->begin(), left->end(), [&b](const Member& member) {
      const Node* other = b.find(member.key);
      return other != nullptr && same_value(member.value, *other);
    });
  }
  if (const auto* text = a.string()) return *text == *b.string();
  if (const auto* flag = std::get_if<bool>(&a.value)) return *flag == std::get<bool>(b.value);
  if (const auto* number = std::get_if<std::int64_t>(&a.value))
    return *number == std::get<std::int64_t>(b.value);
  if (const auto* number = std::get_if<double>(&a.value)) return *number == std::get<double>(b.value);
  return true;
}

nlohmann::ordered_json to_json(const Node& node) {
  using Json = nlohmann::ordered_json;
  struct Visitor {
    Json operator()(std::nullptr_t) const { return nullptr; }
    Json operator()(bool flag) const { return flag; }
    Json operator()(std::int64_t number) const { return number; }
    Json operator()(double number) const { return number; }
    Json operator()(const std::string& text) const { return text; }
    Json operator()(const Node::Sequence& items) const {
      Json array = Json::array();
      for (const auto& item : items) array.push_back(to_json(item));
      return array;
    }
    Json operator()(const Node::Map& members) const {
      Json object = Json::object();
      for (const auto& member : members) object[member.key] = to_json(member.value);
      return object;
    }
  };
  return std::visit(Visitor{}, node.value);
}

namespace {

bool is_beyond_64_bits(const nlohmann::ordered_json& json) {
  return json.is_number_unsigned() &&
         json.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

}  // namespace

Node from_json(const nlohmann::ordered_json& json, const Place& place) {
  Node node;
  node.place = place;
  if (json.is_boolean()) {
    node.value = json.get<bool>();
  } else if (json.is_number_integer() && !is_beyond_64_bits(json)) {
    node.value = json.get<std::int64_t>();
  } else if (json.is_number()) {
    node.value = json.get<double>();
  } else if (json.is_string()) {
    node.value = json.get<std::string>();
  } else if (json.is_array()) {
    Node::Sequence items;
    for (const auto& item : json) items.push_back(from_json(item, place));
    node.value = std::move(items);
  } else if (json.is_object()) {
    Node::Map members;
    for (const auto& [key, value] : json.items()) members.push_back({key, place, from_json(value, place)});
    node.value = std::move(members);
  }
  return node;
}

namespace {

void append_canonical(const Node& node, std::string& out) {
  out += static_cast<char>('0' + node.value.index());
  const auto field = [&out](std::string_view bytes) {
    out += std::to_string(bytes.size());
    out += ':';
    out += bytes;
  };
  if (const auto* flag = std::get_if<bool>(&node.value)) {
    out += *flag ? '1' : '0';
  } else if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
    field(std::to_string(*integer));
  } else if (const auto* real = std::get_if<double>(&node.value)) {
    field(nlohmann::json(*real).dump());
  } else if (const auto* text = node.string()) {
    field(*text);
  } else if (const auto* items = node.sequence()) {
    out += std::to_string(items->size()) + '[';
    for (const auto& item : *items) append_canonical(item, out);
  } else if (const auto* members = node.map()) {
    out += std::to_string(members->size()) + '{';
    for (const auto& member : *members) {
      field(member.key);
      append_canonical(member.value, out);
    }
  }
}

}  // namespace

std::string canonical(const Node& node) {
  std::string out;
  append_canonical(node, out);
  return out;
}

}  // namespace greenwave::yaml
