#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"

namespace greenwave::sandbox {

/// The bytes of a message do not say what they should: a process of ours is broken, or taken over.
class Malformed : public Error {
 public:
  explicit Malformed(const std::string& why) : Error(Fault::transient, "a malformed message: " + why) {}
};

template <typename First, typename Second>
auto members(std::pair<First, Second>& pair) {
  return std::tie(pair.first, pair.second);
}

/// A type whose members cross one after the other: its namespace has a function `members(T&)`, a std::tie of
/// them. One that crosses as something else has `write(Writer&, const T&)` and `read(Reader&, T&)` instead.
template <typename Value>
concept HasMembers = requires(Value& value) {
  members(value);
};

/// Encodes values for a message between two processes of one build on one machine: numbers as they are in
/// memory, texts and lists after their length.
class Writer {
 public:
  template <typename Number>
  requires std::is_arithmetic_v<Number> || std::is_enum_v<Number>
  void add(Number number) { bytes_.append(reinterpret_cast<const char*>(&number), sizeof number); }
  template <typename Number, typename Period>
  void add(std::chrono::duration<Number, Period> duration) {
    add(duration.count());
  }
  void add(std::string_view text) {
    add(static_cast<std::uint32_t>(text.size()));
    bytes_.append(text);
  }
  void add(const std::string& text) { add(std::string_view(text)); }
  void add(const char*) = delete;
  /// A text that values share, as places share the name of their file, is written once.
  void add(const std::shared_ptr<const std::string>& text);

  template <typename Value>
  void add(const std::vector<Value>& list) {
    add(static_cast<std::uint32_t>(list.size()));
    for (const auto& value : list) add(value);
  }
  template <typename Key, typename Value>
  void add(const std::map<Key, Value>& map) {
    add(static_cast<std::uint32_t>(map.size()));
    for (const auto& [key, value] : map) {
      add(key);
      add(value);
    }
  }
  template <typename Value>
  void add(const std::optional<Value>& value) {
    add(value.has_value());
    if (value) add(*value);
  }
  template <typename Value>
  requires std::is_class_v<Value>
  void add(const Value& value) {
    if constexpr (HasMembers<Value>) {
      std::apply([this](const auto&... parts) { this->all(parts...); }, members(const_cast<Value&>(value)));
    } else {
      write(*this, value);
    }
  }

  /// Any number of values, one after the other.
  template <typename... Values>
  Writer& all(const Values&... values) {
    (add(values), ...);
    return *this;
  }

  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
  std::vector<std::shared_ptr<const std::string>>
      shared_;  ///< held, so that no other gets the address of one
  std::unordered_map<const std::string*, std::uint32_t> numbers_;
};

/// Of what one message becomes in memory.
inline constexpr std::size_t most_decoded = 256 << 20;

/// Decodes what a Writer wrote. The bytes may come from a process that was taken over: no length is believed
/// before so many bytes are there, what they become in memory is bounded, and an enum is checked with its
/// `is_known(T)`. Throws Malformed.
class Reader {
 public:
  /// The bytes outlive this.
  explicit Reader(std::string_view bytes, std::size_t most = most_decoded) : rest_(bytes), memory_(most) {}

  template <typename Number>
  requires std::is_arithmetic_v<Number> &&(!std::same_as<Number, bool>)void get(Number& number) {
    const auto bytes = take(sizeof number);
    __builtin_memcpy(&number, bytes.data(), sizeof number);
  }
  void get(bool& value);
  template <typename Number, typename Period>
  void get(std::chrono::duration<Number, Period>& duration) {
    duration = std::chrono::duration<Number, Period>(one<Number>());
  }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void get(Enum& value) {
    std::underlying_type_t<Enum> number{};
    get(number);
    value = static_cast<Enum>(number);
    if (!is_known(value)) throw Malformed("a value that there is not");
  }
  void get(std::string& text);
  void get(std::shared_ptr<const std::string>& text);
  /// A text in place; valid as long as the bytes.
  std::string_view view();

  template <typename Value>
  void get(std::vector<Value>& list) {
    const auto size = count(sizeof(Value));
    list.clear();
    list.reserve(size);
    for (auto left = size; left > 0; --left) get(list.emplace_back());
  }
  template <typename Key, typename Value>
  void get(std::map<Key, Value>& map) {
    map.clear();
    for (auto left = count(sizeof(std::pair<Key, Value>) + per_node); left > 0; --left) {
      Key key{};
      get(key);
      get(map[std::move(key)]);
    }
  }
  template <typename Value>
  void get(std::optional<Value>& value) {
    bool is_there = false;
    get(is_there);
    value.reset();
    if (is_there) get(value.emplace());
  }
  template <typename Value>
  requires std::is_class_v<Value>
  void get(Value& value) {
    if constexpr (HasMembers<Value>) {
      std::apply([this](auto&... parts) { this->all(parts...); }, members(value));
    } else {
      read(*this, value);
    }
  }

  /// Any number of values, one after the other.
  template <typename... Values>
  Reader& all(Values&... values) {
    (get(values), ...);
    return *this;
  }
  template <typename Value>
  Value one() {
    Value value{};
    get(value);
    return value;
  }

  /// Of a list whose items become `each` bytes in memory, and are one at least in the message.
  std::uint32_t count(std::size_t each = 1);
  /// Throws when anything is left.
  void finish() const;
  /// All that is left.
  std::string_view rest() { return std::exchange(rest_, {}); }

 private:
  static constexpr std::size_t per_node = 48;  ///< of a map, beside its values

  std::string_view take(std::size_t count);
  void spend(std::size_t count, std::size_t bytes);

  std::string_view rest_;
  std::size_t memory_;  ///< that what is still to be decoded may take
  std::vector<std::shared_ptr<const std::string>> shared_;
};

/// A whole message that is one value.
template <typename Value>
std::string to_bytes(const Value& value) {
  Writer writer;
  writer.add(value);
  return writer.take();
}
template <typename Value>
Value from_bytes(std::string_view bytes, std::size_t most = most_decoded) {
  Reader reader(bytes, most);
  auto value = reader.one<Value>();
  reader.finish();
  return value;
}

}  // namespace greenwave::sandbox
