#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace greenwave::git {

/// "refs/heads/main" for "main"; a name that begins with refs/ is unchanged.
std::string full_ref_name(std::string_view branch);

/// The Error for a followed ref that does not exist: the repository is empty, or only has `refs` (full
/// names).
Error no_such_ref(std::string_view ref, const std::vector<std::string>& refs);

}  // namespace greenwave::git
