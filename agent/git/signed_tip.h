#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/commit_id.h"

namespace greenwave::git {

/// Which commit a ref names, said by whoever may say it. As a file:
///
///     greenwave-tip 1
///     repository springfield
///     ref refs/heads/main
///     commit 5f3c0d3e3f0c1a1c3f1d6b8a2f0a9c7e6d5b4a39
///     sequence 1764255600
///     issued 2026-11-27T15:00:00Z
///     expires 2026-11-28T15:00:00Z
///     -----BEGIN SSH SIGNATURE-----
///     …
///
/// in this order, each line with a line feed at its end; then an SSH signature (PROTOCOL.sshsig) of these
/// seven lines for the namespace "greenwave-tip", as `ssh-keygen -Y sign -n greenwave-tip` writes it. There
/// is one way to write a tip.
struct SignedTip {
  std::string repository;  ///< its name, whatever the URL is
  std::string ref;         ///< the full name
  CommitId commit;
  std::uint64_t sequence = 0;  ///< rises whenever the ref names another commit
  Time issued{};
  Time expires{};  ///< later than `issued`; a newer tip is to be expected before

  bool operator==(const SignedTip&) const = default;
};

/// A tip's text in its two parts.
struct WrittenTip {
  SignedTip tip;
  std::string_view statement;  ///< what is signed
  std::string_view signature;  ///< armored
};

inline constexpr std::string_view tip_space = "greenwave-tip";
/// No tip is longer, in bytes.
inline constexpr std::size_t most_tip = 4096;

/// Where the tips of a repository on the disk are: DIRECTORY.tip, each in the file that its ref names.
std::filesystem::path tips_beside(const std::filesystem::path& repository);
/// What the text says; it outlives the result. Nobody has vouched for it: see Trust. Throws Error (invalid).
WrittenTip read_signed_tip(std::string_view text);
/// What is to be signed. Times are whole seconds.
std::string statement_of(const SignedTip& tip);
/// Reads what statement_of() writes. Throws Error (invalid).
SignedTip read_statement(std::string_view statement);

}  // namespace greenwave::git
