#pragma once

#include <string_view>

#include "model/manifest.h"

/// Annotations that this driver reads beside those of every manifest; "true" says yes.
namespace greenwave::annotations {

inline constexpr std::string_view force = "greenwave.dev/force";  ///< fields of other managers are taken over
inline constexpr std::string_view recreate = "greenwave.dev/recreate";  ///< where a field cannot be changed
inline constexpr std::string_view propagation =
    "greenwave.dev/propagation";  ///< foreground, background, orphan

}  // namespace greenwave::annotations
