#include "sync/observe.h"

#include "base/error.h"

namespace greenwave::sync {

drivers::Driver* driver_for(const Drivers& drivers, const ObjectId& id) {
  for (auto* driver : drivers) {
    if (driver->serves(id)) return driver;
  }
  return nullptr;
}

Observed observe(std::span<const Entry> inventory, const Drivers& drivers, const drivers::Pass& pass) {
  Observed observed;
  for (auto* driver : drivers) {
    driver->begin(pass);
    std::vector<const Entry*> served;
    for (const auto& entry : inventory) {
      if (driver_for(drivers, entry.id) == driver) served.push_back(&entry);
    }
    if (!served.empty()) driver->foresee_drift(served);
  }
  for (const auto& entry : inventory) {
    auto* driver = driver_for(drivers, entry.id);
    if (driver == nullptr) continue;
    std::optional<std::vector<FileSignature>> signatures;
    try {
      if (auto how = driver->drift(entry, signatures)) observed.drifted.emplace(entry.id, std::move(*how));
    } catch (const Error& error) {
      observed.drifted.emplace(entry.id, error.what());
    }
    if (signatures) {
      observed.refreshed.push_back(entry);
      observed.refreshed.back().files = std::move(*signatures);
    }
  }
  return observed;
}

}  // namespace greenwave::sync
