#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "model/inventory.h"

namespace greenwave::sync {

/// The drivers of this device, asked in this order.
using Drivers = std::vector<drivers::Driver*>;

/// Null when no driver serves the object.
drivers::Driver* driver_for(const Drivers& drivers, const ObjectId& id);

struct Observed {
  std::map<ObjectId, std::string> drifted;  ///< and how, in a few words
  /// Entries whose files were touched without a change that matters, with their new signatures.
  std::vector<Entry> refreshed;
};

/// Looks whether the device is still as the inventory says: lstat first, content only where that differs, or
/// everywhere where the pass says so. Begins a pass of each driver.
Observed observe(std::span<const Entry> inventory, const Drivers& drivers, const drivers::Pass& pass);

}  // namespace greenwave::sync
