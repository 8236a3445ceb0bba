#pragma once

#include <string_view>

namespace greenwave {

/// Shell scripts from packaging/, compiled in. The agent runs copies that it writes itself, so that an
/// upgrade does not change a script that is running. CMake generates scripts.cpp.
extern const std::string_view packages_script;  ///< packaging/greenwave-packages
extern const std::string_view guard_script;     ///< packaging/greenwave-guard

}  // namespace greenwave
