#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"

namespace greenwave::state {

inline constexpr Duration longest_pause = std::chrono::hours(7 * 24);

/// Someone is working on the device: nothing is changed until the pause ends.
struct Pause {
  Time until{};  ///< wall-clock time; after standing() by the present clock, before by that of the beginning
  std::string who;
  std::string reason;
  Duration duration{};    ///< as asked for; zero: written by an older agent
  BootTime began{};       ///< no id: written by an older agent
  std::string assumed{};  ///< for people: what the end is based on, if that is uncertain; not stored

  bool operator==(const Pause&) const = default;
};

/// A pause that begins now.
Pause pause_for(Duration duration, std::string who, std::string reason, const Clock& clock);

/// The pause as it is now, with `until` and `assumed` set; nothing if it is over. Within the boot in which it
/// began, its time is counted since that boot, so that setting the clock changes nothing. In a later boot
/// nobody knows how long the device was off: if the clock was set both then and now, it decides; otherwise
/// the whole time starts again at that boot, and never exceeds what was asked for.
std::optional<Pause> standing(const Pause& pause, const Clock& clock);

/// Readers throw Error (invalid) for anything else.
nlohmann::json to_json(const Pause& pause);
Pause pause_from_json(const nlohmann::json& json);

}  // namespace greenwave::state
