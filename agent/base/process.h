#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace greenwave {

struct Command {
  std::vector<std::string> argv;                   ///< argv[0] is looked up in PATH; no shell is involved
  std::map<std::string, std::string> environment;  ///< added to a minimal one (PATH, HOME, LANG=C.UTF-8)
  Duration timeout = std::chrono::minutes(1);
  std::size_t output_cap = 64 * 1024;   ///< of standard output and error together; the rest is dropped
  std::function<void()> while_waiting;  ///< called about once a second; may be empty (for a watchdog)
};

struct CommandResult {
  int status = 0;          ///< exit status, or 128 + signal
  bool timed_out = false;  ///< its whole process group was killed
  std::string output;      ///< standard output and error, as they came
};

/// Runs a program to its end in a process group of its own. Standard input is /dev/null; no descriptor of
/// ours is inherited. Throws Error when it cannot be started.
CommandResult run(const Command& command);

}  // namespace greenwave
