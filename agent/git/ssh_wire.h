#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace greenwave::git {

/// Reads the data types of RFC 4251, section 5, from untrusted bytes. Views point into those bytes. Throws
/// Error (invalid) when they are truncated or a number is not in its only valid form.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view bytes(std::size_t count);
  std::uint32_t number();
  std::string_view string();
  /// A positive multiple precision integer, without leading zeros.
  std::string_view magnitude();

  bool at_end() const { return rest_.empty(); }
  /// Throws unless everything was read: unread bytes are not allowed.
  void require_end() const;

 private:
  std::string_view rest_;
};

/// A positive multiple precision integer in RFC 4251 format.
std::string wire_magnitude(std::string_view digits);

/// A string in RFC 4251 format: four bytes of length, then the bytes.
std::string wire_string(std::string_view bytes);

}  // namespace greenwave::git
