#pragma once

#include <string_view>

namespace greenwave::hub {

/// api/openapi.json, which the build puts into the program: what /openapi.json answers.
std::string_view openapi();

}  // namespace greenwave::hub
