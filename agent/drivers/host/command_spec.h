#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/problem.h"
#include "drivers/host/confined.h"
#include "model/manifest.h"
#include "plan/step.h"

namespace greenwave::drivers::host {

/// A Command manifest's spec. Without `creates` and `unless` it runs once for each state of its manifest.
struct CommandSpec {
  std::vector<std::string> command;
  std::string creates;              ///< runs while this path is missing; empty: not asked
  std::vector<std::string> unless;  ///< runs while this program fails; empty: not asked
  Duration timeout = std::chrono::minutes(5);
  std::map<std::string, std::string> environment;  ///< of `command` alone
  bool sensitive = false;                          ///< its words and its output are neither kept nor shown
  std::vector<std::string> undo;  ///< takes back what `command` did, when its commit is reverted; empty: none
  bool disruptive = true;         ///< waits for a window
  std::string user = "root";      ///< as whom all three run
  std::string directory;          ///< where all three run; empty: /
};

/// Reads and checks it; what is wrong goes into `problems`. Pure.
CommandSpec read_command_spec(const Host& host, const Manifest& manifest, Problems& problems);

/// What a manifest claims; reads and checks the spec for that. Pure.
plan::Footprint command_footprint(const Host& host, const Manifest& manifest, Problems& problems);

}  // namespace greenwave::drivers::host
