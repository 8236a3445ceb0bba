#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"

namespace greenwave::state {

inline constexpr Duration longest_pause = std::chrono::hours(7 * 24);

/// Someone works on the device: it leaves everything as it is until the pause ends.
struct Pause {
  Time until{};  ///< by the wall clock: of the beginning, or after standing() as it is now
  std::string who;
  std::string reason;
  Duration duration{};    ///< as asked for; zero: written by an older agent
  BootTime began{};       ///< no id: written by an older agent
  std::string assumed{};  ///< what the end rests on where that is not sure, for people; not stored

  bool operator==(const Pause&) const = default;
};

/// A pause that begins now.
Pause pause_for(Duration duration, std::string who, std::string reason, const Clock& clock);

/// The pause as it is now, with `until` and `assumed` set; nothing when it is over. Within the boot in which
/// it began its time is counted by that boot, so that a clock that is set, forward from 1970 or a year back,
/// changes nothing. In a later boot nobody knows how long the device was off: the wall clock decides where it
/// was set then and now, else the whole time is counted from the start. It is never longer than was asked
/// for, from that start on.
std::optional<Pause> standing(const Pause& pause, const Clock& clock);

/// Readers throw Error (invalid) for what is not of this form.
nlohmann::json to_json(const Pause& pause);
Pause pause_from_json(const nlohmann::json& json);

}  // namespace greenwave::state
