#pragma once

#include <string>

namespace greenwave::config {

/// Device ids become part of paths in the repository (devices/${device.id}), so they must not escape it: at
/// most 253 bytes without white space, and no part between slashes is empty, "." or "..". Pure.
bool is_device_id(const std::string& id);

}  // namespace greenwave::config
