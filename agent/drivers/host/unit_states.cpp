#include "drivers/host/unit_states.h"

#include <vector>

namespace greenwave::drivers::host {

namespace {

constexpr auto moment = std::chrono::milliseconds(250);

}  // namespace

const UnitState& UnitStates::of(const std::string& unit) {
  const auto now = std::chrono::steady_clock::now();
  if (asked_at_ == std::chrono::steady_clock::time_point{} || now - asked_at_ > moment) {
    states_.try_emplace(unit);
    std::vector<std::string> units;
    for (const auto& [name, state] : states_) units.push_back(name);
    states_ = systemd_.states(units);
    asked_at_ = now;
  } else if (!states_.contains(unit)) {
    states_.merge(systemd_.states({unit}));
  }
  return states_.at(unit);
}

}  // namespace greenwave::drivers::host
