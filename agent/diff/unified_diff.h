#pragma once

#include <string>
#include <string_view>

namespace greenwave::diff {

/// A unified diff ("--- a/NAME", "+++ b/NAME", hunks) of two texts, or a line that gives sizes where either
/// is binary. Empty when they are equal. Never longer than about `cap` bytes: what is cut is said.
std::string unified_diff(std::string_view before, std::string_view after, const std::string& name,
                         std::size_t cap = 64 * 1024);

}  // namespace greenwave::diff
