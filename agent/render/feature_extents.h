#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace greenwave::render {

/// The text of a Feature in an inventory, including its braces.
struct FeatureExtent {
  std::string_view text;
  std::uint32_t line = 1;    ///< of its first character
  std::uint32_t column = 1;  ///< counts characters, not bytes
};

/// Columns count these bytes: all except the continuation bytes of UTF-8.
inline bool is_start_of_character(char byte) {
  return (byte & 0xC0) != 0x80;
}

/// The Features of a FeatureCollection that may have this id, found by brackets and quotes only: a device
/// reads its own Feature among thousands without parsing the others. Nothing if the text ends early; a parser
/// reports what is wrong with it.
std::optional<std::vector<FeatureExtent>> features_that_may_be(std::string_view text, std::string_view id);

}  // namespace greenwave::render
