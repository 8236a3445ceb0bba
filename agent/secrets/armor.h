#pragma once

#include <string>
#include <string_view>

namespace greenwave::secrets {

/// Whether the text is an age file in armor, as far as its first line says.
bool is_armored(std::string_view text);

/// The bytes of an age file in armor (the strict form of RFC 7468, which SOPS writes as well). Throws Error
/// (invalid) unless it is the one text that they have; blank lines may stand around it, and lines may end in
/// CRLF.
std::string remove_armor(std::string_view text);

}  // namespace greenwave::secrets
