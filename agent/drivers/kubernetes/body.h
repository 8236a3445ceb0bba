#pragma once

#include <string>
#include <string_view>

#include "model/manifest.h"

namespace greenwave::drivers::kubernetes {

/// The label, with the device's id, on all of the agent's objects: one list request for each kind finds them.
inline constexpr std::string_view device_label = "greenwave.dev/device";

/// The id as a label's value: unchanged if it is a valid one, otherwise a digest of it.
std::string label_value(const std::string& device);

/// The request body that applies a manifest under a name: its document as JSON that is also valid YAML (which
/// server-side apply expects), with the namespace (empty: none) and the device's label.
std::string apply_body(const Manifest& manifest, const std::string& name, const std::string& namespace_,
                       const std::string& label);

}  // namespace greenwave::drivers::kubernetes
