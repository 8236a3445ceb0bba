#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace greenwave::config {

/// The parts of a repository's URL.
struct Url {
  enum class Scheme { https, ssh, file };

  Scheme scheme = Scheme::file;
  std::string user;        ///< ssh only; empty: not given
  std::string host;        ///< without brackets; empty for file
  std::uint16_t port = 0;  ///< the scheme's default if none was given; 0 for file
  std::string path;        ///< for file: absolute, percent-decoded
};

/// Accepts https://HOST[:PORT]/PATH, ssh://[USER@]HOST[:PORT]/PATH, scp's USER@HOST:PATH and file:///PATH.
/// Throws Error (invalid) that says what to write instead. It never repeats a user or password, since that
/// may be a token.
Url parse_url(std::string_view text);

}  // namespace greenwave::config
