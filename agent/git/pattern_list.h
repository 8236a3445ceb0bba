#pragma once

#include <string_view>

namespace greenwave::git {

/// Whether `word` matches a list of OpenSSH patterns (ssh_config(5), PATTERNS: "*@sf.example,!guest@*"): one
/// of them matches, and none with a leading "!" does. Takes time proportional to the product of the lengths
/// at most.
bool matches_pattern_list(std::string_view word, std::string_view patterns);

/// Whether a pattern with a leading "!" matches `word`.
bool is_excluded(std::string_view word, std::string_view patterns);

}  // namespace greenwave::git
