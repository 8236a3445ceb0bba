#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace greenwave::yaml {

/// Whether it is UTF-8, whatever its characters.
bool is_utf8(std::string text);

/// UTF-16 that begins with a byte order mark, as Windows tools write it, in UTF-8 and without the mark.
/// Nothing: it is not UTF-16.
std::optional<std::string> from_utf16(std::string_view bytes);

}  // namespace greenwave::yaml
