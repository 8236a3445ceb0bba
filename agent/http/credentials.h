#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace greenwave::http {

/// Whether what is sent there can be read on the way by nobody: https, or http on this machine.
bool is_private(std::string_view url);

/// A URL that a secret may be sent to, without the slash at its end. Throws Error (invalid) for one that is
/// not private, has a user or a password in it, or is none. `remedy` says where a secret belongs.
std::string private_url(std::string url, std::string_view remedy);

/// A token as a header may hold it: one word. `place` says where it was read, `remedy` what belongs there.
/// Throws Error (invalid), which never shows it.
std::string token_in(std::string_view text, std::string_view place, std::string_view remedy);
/// The token in a file. Throws Error.
std::string read_token(const std::filesystem::path& file, std::string_view remedy);

}  // namespace greenwave::http
