#pragma once

#include <chrono>
#include <string_view>

#include "model/manifest.h"

/// Annotations that only some stages or drivers read, in addition to those in manifest.h.
namespace greenwave::annotations {

/// How long an object may take to become healthy: "40s", up to `longest_within`.
inline constexpr std::string_view healthy_within = "greenwave.dev/healthy-within";
inline constexpr auto longest_within = std::chrono::hours(1);

/// "enabled" or "disabled": whether variables are replaced in this manifest, whatever its layer says.
inline constexpr std::string_view variables = "greenwave.dev/variables";

// Of objects on a Kubernetes server; "true" turns the first three on.
inline constexpr std::string_view force = "greenwave.dev/force";  ///< takes over the fields of other managers
inline constexpr std::string_view recreate =
    "greenwave.dev/recreate";  ///< if a field cannot be changed in place; of all kinds but claims
inline constexpr std::string_view recreate_claim =
    "greenwave.dev/recreate-claim";  ///< the same of a PersistentVolumeClaim, with its data
inline constexpr std::string_view propagation =
    "greenwave.dev/propagation";  ///< foreground, background, orphan

}  // namespace greenwave::annotations
