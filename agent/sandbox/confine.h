#pragma once

#include <string>
#include <vector>

#include "sandbox/child.h"

namespace greenwave::sandbox {

/// What a confined process keeps.
struct Allowed {
  Role role{};
  std::vector<std::string> read{};  ///< files and directories, with what is below
  std::vector<std::string>
      write{};  ///< directories, which become its user's: files in them are made and removed
  /// What is at these paths it reads whoever may: it stays root, without any other capability, if the kernel
  /// can restrict it to them.
  bool reads_all = false;
};

/// Gives up, for good, everything that answering does not need: this process gets a user of its own where it
/// is root, no capabilities, no new privileges, the system calls of a list (neither execve nor socket nor
/// ptrace among them), the paths that are allowed, limits of memory, processor time and file sizes, and an
/// end with the agent.
///
/// Returns in words what this kernel or machine does not have of that; the rest is in force all the same.
/// Throws Error when the user or the system calls cannot be given up. Call it while there is one thread.
std::vector<std::string> confine(const Allowed& allowed);

/// What this machine lacks for an agent that is root, in words.
struct Lacking {
  std::vector<std::string> users;
  std::string landlock;  ///< empty: nothing
};
/// Confines nothing.
Lacking lacking_here();

}  // namespace greenwave::sandbox
