#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/problem.h"
#include "model/window.h"
#include "plan/hold.h"

namespace greenwave::sync {

/// Whether steps that disrupt may begin now.
struct Permission {
  std::optional<plan::Closed> closed;  ///< nothing: they may
  std::string why;                     ///< "outside of the window overnight"
  std::optional<Time> until;           ///< when to ask again; nothing: it never opens
};

/// What stands between a plan and the steps of it that disrupt: the cluster's windows, and programs on the
/// device that say "not now" by holding a lock (flock(2)) on a file in a directory.
class Gate {
 public:
  /// A window whose time zone this device does not know never opens; that is put into `problems`. With
  /// `ignore_windows` only the locks count.
  Gate(const std::vector<Window>& windows, std::filesystem::path busy, bool ignore_windows,
       Problems& problems);

  /// Whether anything may ever close it: then each step that disrupts is asked about.
  bool can_close() const;

  Permission ask(Time now) const;

 private:
  bool has_windows_ = false;
  std::vector<ZonedWindow> windows_;
  std::filesystem::path busy_;
};

/// The files in `directory` that some process holds a lock on.
std::vector<std::string> busy_files(const std::filesystem::path& directory);

}  // namespace greenwave::sync
