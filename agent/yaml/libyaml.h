#pragma once

#include <string_view>
#include <utility>

#include <yaml.h>

namespace greenwave::yaml {

// The owners of libyaml's handles.

struct Parser {
  yaml_parser_t raw{};
  Parser() { yaml_parser_initialize(&raw); }
  /// `text` must outlive it.
  explicit Parser(std::string_view text) : Parser() {
    yaml_parser_set_input_string(&raw, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    yaml_parser_set_encoding(&raw, YAML_UTF8_ENCODING);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { yaml_parser_delete(&raw); }
};

struct Event {
  yaml_event_t raw{};
  Event() = default;
  Event(Event&& other) noexcept : raw(std::exchange(other.raw, {})) {}
  Event& operator=(Event&& other) noexcept {
    std::swap(raw, other.raw);
    return *this;
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw); }
};

/// Empty for a null.
inline std::string_view view(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

inline std::string_view value_of(const Event& scalar) {
  const auto& raw = scalar.raw.data.scalar;
  return {reinterpret_cast<const char*>(raw.value), raw.length};
}

}  // namespace greenwave::yaml
