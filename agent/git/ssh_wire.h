#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace greenwave::git {

/// Reads the data types of RFC 4251, section 5, from bytes that came from outside. Views point into the
/// bytes given. Throws Error (invalid) where they end early or a number is not in its one valid form.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view bytes(std::size_t count);
  std::uint32_t number();
  std::string_view string();
  /// A positive multiple precision integer: its magnitude, without leading zeros.
  std::string_view magnitude();

  bool at_end() const { return rest_.empty(); }
  /// Throws unless everything was read: what nobody looks at must not be there.
  void require_end() const;

 private:
  std::string_view rest_;
};

/// A string as RFC 4251 writes it: four bytes of length, then the bytes.
std::string wire_string(std::string_view bytes);

}  // namespace greenwave::git
