#pragma once

#include <memory>
#include <optional>
#include <string>

#include "git/bundle.h"
#include "git/fetch_progress.h"
#include "model/commit_id.h"

namespace greenwave::sync {

struct Request {
  bool force = false;        ///< trust no recorded signature: re-read and re-apply everything
  bool allow_empty = false;  ///< an empty render may remove everything
  std::string who{};         ///< empty: the agent itself
  bool now = false;          ///< whatever the windows say
  std::string reason{};      ///< for the history: why now
  bool poll = true;          ///< false: goes on with the commit that came last
  std::shared_ptr<const git::BundleFile> bundle{};  ///< set: the commit comes from it, not from the server
  bool by_root = true;  ///< who chose the bundle may do everything on this device anyway
};

/// A line of a sync's progress, for people and as an event.
struct Event {
  std::string kind;      ///< "phase", "progress", "step", "problem", "waiting", "done"
  std::string text;      ///< "update File/chrony", "polling https://…"
  std::string object{};  ///< for steps
  bool ok = true;
  /// For "done": 0 all in sync, 1 some objects failed or were refused, 2 the sync could not be done.
  int exit_code = 0;
  CommitId commit{};                     ///< for steps: the one that is being applied
  std::optional<git::Fetching> fetch{};  ///< for "progress"
  bool earlier = false;                  ///< of the work that this sync waits for
};

}  // namespace greenwave::sync
