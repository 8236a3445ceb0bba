#include "sync/observe.h"

#include <map>
#include <utility>

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
  std::vector<std::pair<drivers::Driver*, const Entry*>> looks;
  std::map<drivers::Driver*, std::vector<const Entry*>> served;
  looks.reserve(inventory.size());
  for (const auto& entry : inventory) {
    auto* const driver = driver_for(drivers, entry.id);
    if (driver == nullptr) continue;
    looks.emplace_back(driver, &entry);
    served[driver].push_back(&entry);
  }
  for (auto* driver : drivers) {
    driver->begin(pass);
    if (const auto own = served.find(driver); own != served.end()) driver->foresee_drift(own->second);
  }
  for (const auto& [driver, looked_at] : looks) {
    const auto& entry = *looked_at;
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
