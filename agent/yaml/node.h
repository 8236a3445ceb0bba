#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/problem.h"

namespace greenwave::yaml {

struct Member;

/// How a scalar was written, as far as its value does not say it.
struct Written {
  std::vector<Place> openings;  ///< of a string, the place of each `opening` in it; empty: unknown
  std::string spelling;         ///< 0400, where the value is 256; empty: as the value is printed
};

/// A parsed value with the place where it was written, so that an error found many stages later still has its
/// file, line and column. Maps keep the order in which they were written.
struct Node {
  using Sequence = std::vector<Node>;
  using Map = std::vector<Member>;

  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Sequence, Map> value;  // null
  Place place;
  std::shared_ptr<const Written> written{};  ///< null: nothing is known of it

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value); }
  bool is_string() const { return std::holds_alternative<std::string>(value); }
  bool is_sequence() const { return std::holds_alternative<Sequence>(value); }
  bool is_map() const { return std::holds_alternative<Map>(value); }

  const std::string* string() const { return std::get_if<std::string>(&value); }
  const Sequence* sequence() const { return std::get_if<Sequence>(&value); }
  Sequence* sequence() { return std::get_if<Sequence>(&value); }
  const Map* map() const { return std::get_if<Map>(&value); }
  Map* map() { return std::get_if<Map>(&value); }

  /// The member of a map; null when absent or not a map.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  /// `find` along keys: at({"metadata", "name"}).
  const Node* at(std::initializer_list<std::string_view> keys) const;
};

struct Member {
  std::string key;
  Place key_place;
  Node value;
};

/// What begins a variable in a string.
inline constexpr std::string_view opening = "${";
std::size_t count_openings(std::string_view text);

/// Whether the node is there, and true.
bool is_true(const Node* node);

/// The items of a sequence; none where the node is not there, or something else.
std::span<const Node> items_in(const Node* node);

/// Adds or replaces a member of a map node.
void set(Node& map, std::string key, Node value);

/// A scalar as its value is printed: "256", "true"; empty for null, lists and maps.
std::string printed(const Node& node);

/// The same as it was written, 0400 where the value is 256, if the node still has that value.
std::string spelling_of(const Node& node);

/// "a string", "a map", "a whole number": for messages.
std::string_view kind_of(const Node& node);

/// Whether the values are equal. Places and the order of map members do not matter.
bool same_value(const Node& a, const Node& b);

nlohmann::ordered_json to_json(const Node& node);
/// All nodes have the place `place`.
Node from_json(const nlohmann::ordered_json& json, const Place& place);

/// Compact bytes, equal only for equal values (and equal member order): for digests.
std::string canonical(const Node& node);

}  // namespace greenwave::yaml
