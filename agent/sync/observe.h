#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "kinds/drivers.h"
#include "model/entry.h"

namespace greenwave::sync {

/// The drivers of this device, asked in this order.
using Drivers = std::vector<kinds::Served>;

/// Of a list with `kinds`: the first that serves the object; null when none does.
template <typename List>
auto* serving(List& list, const ObjectId& id) {
  for (auto& one : list) {
    if (one.kinds->serves(id)) return &one;
  }
  return static_cast<decltype(&*list.begin())>(nullptr);
}

/// A driver's look at the device.
struct Look {
  const drivers::Kinds* kinds;
  std::unique_ptr<drivers::Session> session;
};

/// The device, as it was found; the drivers and the inventory outlive it.
struct Observed {
  std::vector<Look> looks;                  ///< one a driver, in their order
  std::map<ObjectId, std::string> drifted;  ///< and how, in a few words
  /// Entries whose files were touched without a change that matters, with their new signatures.
  std::vector<Entry> refreshed;
};

/// Looks whether the device is still as the inventory says: lstat first, content only where that differs, or
/// everywhere where the options say so.
Observed observe(std::span<const Entry> inventory, const Drivers& drivers,
                 const drivers::LookOptions& options);

/// Whether a server of the device's does not answer.
bool is_unreachable(const Observed& observed);

}  // namespace greenwave::sync
