#pragma once

#include <string_view>

namespace greenwave {

/// The shell scripts in packaging/ that the agent writes where they run, so that what is installed meanwhile
/// changes nothing of them. CMake makes scripts.cpp of them.
extern const std::string_view packages_script;  ///< packaging/greenwave-packages
extern const std::string_view guard_script;     ///< packaging/greenwave-guard

}  // namespace greenwave
