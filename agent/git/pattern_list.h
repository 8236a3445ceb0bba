#pragma once

#include <string_view>

namespace greenwave::git {

/// Whether a list of OpenSSH patterns (ssh_config(5), PATTERNS: "*@sf.example,!guest@*") means `word`: one of
/// them matches, and none with a "!" before it does. Time grows with the product of the lengths at most.
bool matches_pattern_list(std::string_view word, std::string_view patterns);

}  // namespace greenwave::git
