#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace greenwave::config {

/// A repository's address in its parts.
struct Url {
  enum class Scheme { https, ssh, file };

  Scheme scheme = Scheme::file;
  std::string user;        ///< ssh only; empty: not given
  std::string host;        ///< without brackets; empty for file
  std::uint16_t port = 0;  ///< the scheme's own where none was given; 0 for file
  std::string path;        ///< for file: absolute, percent-decoded
};

/// Accepts https://HOST[:PORT]/PATH, ssh://[USER@]HOST[:PORT]/PATH, scp's USER@HOST:PATH and file:///PATH.
/// Throws Error (invalid) that says what to write instead; it never repeats a user or password, since a token
/// may stand there.
Url parse_url(std::string_view text);

}  // namespace greenwave::config
