#pragma once

#include <map>
#include <string>

#include "yaml/node.h"

namespace greenwave {

struct Position {
  double longitude = 0;  ///< degrees east, WGS 84
  double latitude = 0;   ///< degrees north
};

using Labels = std::map<std::string, std::string>;

/// A device, as the cluster's inventory and its own configuration describe it.
struct Device {
  std::string id;
  bool in_inventory = false;  ///< false: the cluster has no inventory
  bool retired = false;       ///< taken out of service: it gets no layers, and what it has is removed
  Position position;          ///< meaningful only when `in_inventory`
  Labels labels;              ///< the inventory's, then the device's own configuration, then facts
  yaml::Node properties;      ///< of its Feature; a map
};

}  // namespace greenwave
