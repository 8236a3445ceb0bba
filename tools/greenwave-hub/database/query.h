#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace greenwave::hub {

using Value = std::optional<std::string>;  ///< as text; nothing: null

/// A statement with its values, $1 the first. Values never become part of the text.
struct Query {
  const char* name = nullptr;  ///< a statement that each connection prepares once; null: it is not prepared
  std::string sql;
  std::vector<Value> values{};
};

/// Puts a statement together whose conditions vary: where("device = {}", id) adds "device = $3".
class Conditions {
 public:
  explicit Conditions(std::vector<Value> values = {}) : values_(std::move(values)) {}

  /// Each {} in `condition` stands for the value.
  void add(std::string_view condition, std::string value);
  /// "TRUE AND …", to be put after WHERE.
  const std::string& text() const { return text_; }
  /// Takes a value, and returns what stands for it: "$4".
  std::string value(std::string value);
  std::vector<Value> take_values() { return std::move(values_); }

 private:
  std::string text_ = "TRUE";
  std::vector<Value> values_;
};

/// A PostgreSQL array's text: {"a","b\"c",NULL}. Elements hold no NUL byte.
class ArrayText {
 public:
  void add(std::string_view element);
  void add_plain(std::string_view number);  ///< of digits, a sign, a point: needs no quotes
  void add_null();
  /// The whole; another one begins.
  std::string take();

 private:
  void separate();
  std::string text_ = "{";
};

}  // namespace greenwave::hub
