#pragma once

#include <string>
#include <string_view>

#include "model/manifest.h"

namespace greenwave::drivers::kubernetes {

/// The label that the agent's objects carry, with the device's id: one list a kind finds them all.
inline constexpr std::string_view device_label = "greenwave.dev/device";

/// The id as a label's value: itself where it may be one, else a digest of it.
std::string label_value(const std::string& device);

/// What is sent to apply a manifest: its document as JSON that a reader of YAML takes for the same (the form
/// of server-side apply), with the namespace (empty: none) and the device's label.
std::string apply_body(const Manifest& manifest, const std::string& namespace_, const std::string& label);

}  // namespace greenwave::drivers::kubernetes
