#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "state/state.h"

namespace greenwave::sync {

/// A commit that the device was begun to be brought to, and that is not judged yet: something of it waits, or
/// its health is being watched, or a power cut came between.
struct Trial {
  std::string commit;
  bool reached = false;  ///< the repository answered just before the device was changed: it must do so again
  std::vector<std::string> touched{};  ///< objects that it changes and whose own health decides too
  std::vector<std::string> well{};     ///< health that was good once: it is not asked again
  /// Starts of the agent in this unfinished step that were not asked for: what a device that crashes again
  /// and again is known by.
  unsigned starts = 0;
  std::string process{};  ///< that works on it; empty: it ended as it should
  std::string unwell{};   ///< why it is not healthy, where there is nothing to go back to
  /// Set while the device is taken back: why. Survives a power cut in the middle of it.
  std::string reverting{};
  bool told = false;                      ///< the history has it already that the commit was not healthy
  std::vector<std::string> undone{};      ///< what has been undone already
  std::vector<std::string> not_undone{};  ///< and what cannot be: "Command/flash: it names no undo"
};

/// A commit that was taken back. It is not tried again until the ref moves, or someone insists.
struct Rejected {
  std::string commit;
  std::string reason;
  Time when{};
  std::vector<std::string> not_undone{};
  std::string stuck{};   ///< why the device could not be taken back either: it is then left as it is
  std::string unwell{};  ///< why it is not healthy at the last good commit either
};

/// Where the device is on its way from commit to commit.
struct Course {
  std::string good;  ///< the last commit that proved healthy; empty: none yet
  std::optional<Trial> trial{};
  std::optional<Rejected> rejected{};
};

/// A device that an older agent kept, or whose record cannot be read, is taken to be good as it is.
Course read_course(const state::State& state);
/// Durable at once, all of it or nothing; nothing is written where nothing changes.
void write_course(state::State& state, const Course& course);

/// For status; times are written to the second.
nlohmann::json to_json(const Rejected& rejected);
Rejected rejected_from_json(const nlohmann::json& json);

}  // namespace greenwave::sync
