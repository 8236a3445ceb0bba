#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace greenwave {

struct Command {
  std::vector<std::string> argv;  ///< argv[0] is looked up in PATH; no shell is involved
  std::map<std::string, std::string>
      environment;  ///< added to a minimal environment (PATH, HOME, LANG=C.UTF-8)
  Duration timeout = std::chrono::minutes(1);
  std::size_t output_cap = 64 * 1024;   ///< of standard output and error together; the rest is dropped
  std::function<void()> while_waiting;  ///< called about once a second; may be empty (for a watchdog)
};

struct CommandResult {
  int status = 0;          ///< exit status, or 128 + signal
  bool timed_out = false;  ///< the whole process group was killed
  std::string output;      ///< standard output and error, interleaved
};

/// Runs a program to completion in its own process group. Standard input is /dev/null, and no descriptor is
/// inherited. Throws Error when the program cannot be started.
CommandResult run(const Command& command);

}  // namespace greenwave
