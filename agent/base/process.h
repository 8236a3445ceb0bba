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
  /// Of standard output and error together: the last so many bytes are kept, since a failure is explained at
  /// the end.
  std::size_t output_cap = 64 * 1024;
  bool leaves_nothing = false;          ///< what it has put into a session of its own ends with it too
  std::size_t memory_cap = 0;           ///< of each process, its address space; 0: none
  int directory = -1;                   ///< an open directory to run in; -1: the agent's own
  int program = -1;                     ///< an open file to run in place of argv[0], which then only names it
  int input = -1;                       ///< an open file for standard input; -1: /dev/null
  std::function<void()> while_waiting;  ///< called about once a second; may be empty (for a watchdog)
  std::function<bool()> given_up{};     ///< asked as often; true ends it as a time-out does; may be empty
};

struct CommandResult {
  int status = 0;          ///< exit status, or 128 + signal
  bool timed_out = false;  ///< it was killed, with everything that it had started
  std::string output;      ///< standard output and error, interleaved
};

/// Runs a program to completion in its own process group. No descriptor is inherited. At its end what is left
/// of the group is killed: a program that means to leave a daemon behind puts it into a session of its own,
/// which a time-out ends too. Throws Error when the program cannot be started.
CommandResult run(const Command& command);

}  // namespace greenwave
