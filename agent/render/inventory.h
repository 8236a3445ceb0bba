#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "model/device.h"

namespace greenwave::render {

/// Maximum size of an inventory (devices.geojson): a city has a Feature of a few hundred bytes per device.
inline constexpr std::size_t most_inventory_bytes = 64 << 20;

/// The result of looking one device up in an inventory.
struct Lookup {
  std::optional<Device> device;   ///< without the labels of its own configuration
  std::vector<std::string> near;  ///< when there is none: ids that may have been meant, the nearest first
};

/// Finds one device. Reads only its own Feature: errors in it go to `problems`, as does a second Feature with
/// the same id. Throws Error (invalid), with the place, when that Feature, or the text around the Features,
/// cannot be read.
Lookup find_device(std::string_view inventory, const std::string& file, const std::string& id,
                   Problems& problems);

/// A device of the inventory.
struct ListedDevice {
  Device device;
  Problems problems;  ///< as find_device finds them: with errors, the device renders nothing
};

/// All devices, in the order of the file; `problems` gets the errors of Features that are no device's. Throws
/// like find_device.
std::vector<ListedDevice> list_devices(std::string_view inventory, const std::string& file,
                                       Problems& problems);

/// The same, with all errors in `problems`.
std::vector<Device> read_devices(std::string_view inventory, const std::string& file, Problems& problems);

}  // namespace greenwave::render
