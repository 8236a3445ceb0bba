#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "yaml/fields.h"

namespace greenwave::drivers::host {

/// A member that names a program and its arguments: at least one word, and no line for a shell.
std::vector<std::string> read_argv(yaml::Fields& spec, std::string_view key);

/// As a person would type it in a shell.
std::string shown(const std::vector<std::string>& argv);

}  // namespace greenwave::drivers::host
