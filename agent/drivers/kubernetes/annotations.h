#pragma once

#include <string_view>

#include "model/manifest.h"

/// Annotations that this driver reads in addition to those of every manifest; "true" turns them on.
namespace greenwave::annotations {

inline constexpr std::string_view force = "greenwave.dev/force";  ///< takes over the fields of other managers
inline constexpr std::string_view recreate =
    "greenwave.dev/recreate";  ///< if a field cannot be changed in place
inline constexpr std::string_view propagation =
    "greenwave.dev/propagation";  ///< foreground, background, orphan

}  // namespace greenwave::annotations
