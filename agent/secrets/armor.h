#pragma once

#include <string>
#include <string_view>

namespace greenwave::secrets {

/// Whether the text looks like an armored age file, judging by its first line.
bool is_armored(std::string_view text);

/// The bytes of an armored age file (the strict form of RFC 7468, which SOPS writes too). Throws Error
/// (invalid) unless the encoding is canonical; blank lines around it and CRLF line endings are
/// allowed.
std::string remove_armor(std::string_view text);

}  // namespace greenwave::secrets
