#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace greenwave::http {

/// The seconds of the preference "wait" in the value of a Prefer or Preference-Applied header (RFC 7240,
/// 2 and 4.3): the first one counts, whatever else is preferred. Nothing where there is none, or it is no
/// number of seconds below a day. Pure.
std::optional<std::uint32_t> wait_of(std::string_view value);

/// Whether the value of a Vary header names Prefer: the server then answers by it. Pure.
bool varies_by_preference(std::string_view value);

}  // namespace greenwave::http
