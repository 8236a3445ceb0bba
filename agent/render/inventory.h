#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "model/device.h"

namespace greenwave::render {

/// An inventory (devices.geojson) may be as large as a city's: a Feature of a few hundred bytes a device.
inline constexpr std::size_t most_inventory_bytes = 64 << 20;

/// What an inventory says of one device.
struct Lookup {
  std::optional<Device> device;   ///< without the labels of its own configuration
  std::vector<std::string> near;  ///< when there is none: ids that may have been meant, the nearest first
};

/// Finds one device. Only its own Feature is read: what is wrong there goes into `problems`, and so does a
/// second Feature of the same id. Throws Error (invalid), with the place, when that Feature or what is around
/// the Features cannot be read.
Lookup find_device(std::string_view inventory, const std::string& file, const std::string& id,
                   Problems& problems);

/// All devices, in the order of the file, with all that is wrong in `problems`. Throws as find_device does.
std::vector<Device> read_devices(std::string_view inventory, const std::string& file, Problems& problems);

}  // namespace greenwave::render
