#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace greenwave::render {

/// A Feature in an inventory's text, with its braces.
struct FeatureExtent {
  std::string_view text;
  std::uint32_t line = 1;    ///< of its first character
  std::uint32_t column = 1;  ///< counts characters, not bytes
};

/// Columns count these: all but the later bytes of a UTF-8 sequence.
inline bool is_start_of_character(char byte) {
  return (byte & 0xC0) != 0x80;
}

/// The Features of a FeatureCollection that may have this id, by brackets and quotes alone: a device reads
/// its own among thousands without parsing the others. Nothing where the text does not end as it should; what
/// is wrong with it is for a parser to tell.
std::optional<std::vector<FeatureExtent>> features_that_may_be(std::string_view text, std::string_view id);

}  // namespace greenwave::render
