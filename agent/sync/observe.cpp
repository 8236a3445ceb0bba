#include "sync/observe.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace greenwave::sync {

Observed observe(std::span<const Entry> inventory, const Drivers& drivers,
                 const drivers::LookOptions& options) {
  Observed observed;
  std::vector<std::vector<const Entry*>> served(drivers.size());
  std::vector<std::pair<std::size_t, const Entry*>> order;
  order.reserve(inventory.size());
  for (const auto& entry : inventory) {
    const auto* server = serving(drivers, entry.id);
    if (server == nullptr) continue;
    const auto number = static_cast<std::size_t>(server - drivers.data());
    served[number].push_back(&entry);
    order.emplace_back(number, &entry);
  }
  for (std::size_t i = 0; i < drivers.size(); ++i) {
    observed.looks.push_back({drivers[i].kinds, drivers[i].driver->look(options, served[i])});
  }
  for (const auto& [number, entry] : order) {
    try {
      auto drift = observed.looks[number].session->drift(*entry);
      if (drift.how) observed.drifted.emplace(entry->id, std::move(*drift.how));
      if (!drift.refreshed) continue;
      observed.refreshed.push_back(*entry);
      observed.refreshed.back().files = std::move(*drift.refreshed);
    } catch (const Error& error) {
      observed.drifted.emplace(entry->id, error.what());
    }
  }
  return observed;
}

bool is_unreachable(const Observed& observed) {
  return std::ranges::any_of(observed.looks,
                             [](const Look& look) { return look.session->unreachable().has_value(); });
}

}  // namespace greenwave::sync
