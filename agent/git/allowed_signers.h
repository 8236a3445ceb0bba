#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/problem.h"

namespace greenwave::git {

/// One line of an allowed_signers file: a key, and what it may sign.
struct AllowedSigner {
  std::string principals;             ///< patterns, separated by commas
  std::string key;                    ///< in SSH's wire format
  std::optional<std::string> spaces;  ///< patterns of namespaces; nothing: all
  std::optional<Time> valid_after;
  std::optional<Time> valid_before;
  Place place;
};

/// Reads the format that ssh-keygen(1) describes under ALLOWED SIGNERS. As there, times without a Z are in
/// the machine's time zone; with a Z they mean the same on every device. Lines with keys that can't be
/// checked here (hardware tokens, DSA, short RSA) are skipped with a warning, so that one such key doesn't
/// stop a fleet. A line that can't be parsed, and cert-authority, is an error. 1 MiB at most.
std::vector<AllowedSigner> parse_allowed_signers(std::string_view text, const std::string& file,
                                                 Problems& problems);

/// The key's owner: `email` if it matches the line's principals, else the first principal.
std::string principal_of(const AllowedSigner& signer, std::string_view email);

}  // namespace greenwave::git
