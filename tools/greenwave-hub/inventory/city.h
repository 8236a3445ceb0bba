#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/device.h"
#include "model/source_tree.h"

namespace greenwave::hub {

/// A device as the repository lists it.
struct ListedDevice {
  std::string id;
  std::string name;  ///< property `name`; may be empty
  bool retired = false;
  Position position;
  Labels labels;
  std::string wave;                 ///< empty: it follows the branch
  std::vector<std::string> layers;  ///< their paths, the first layer first
};

/// A wave's ref, in the order of greenwave.yaml.
struct WaveRef {
  std::string wave;  ///< empty: the branch
  std::string ref;
};

/// What a commit says of its city's devices. `problems` are those of the inventory and of the layers' choice,
/// as FILE:LINE:COLUMN texts: a device that is there twice, for one.
struct CityInventory {
  std::string cluster;
  std::vector<ListedDevice> devices{};
  std::vector<WaveRef> waves{};
  std::string waves_json;  ///< with what a promotion asks of each
  std::string windows_json;
  std::string attribution{};  ///< whom a map of the devices names; empty: nobody
  std::vector<std::string> problems{};
};

/// Throws Error (invalid) where greenwave.yaml or the inventory cannot be used at all. Pure but for `tree`.
CityInventory read_city(const SourceTree& tree);

}  // namespace greenwave::hub
