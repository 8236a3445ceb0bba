#pragma once

#include <string_view>

namespace greenwave::hub {

/// Whether a path of a request names a tip file: "/CITY.git.tip/refs/heads/main", perhaps below further
/// directories. No name in it begins with a dot or has other characters than those of a ref
/// (git-check-ref-format), so that none leads out of the directory or to a file that is being written. Pure.
bool is_tip_path(std::string_view path);

}  // namespace greenwave::hub
