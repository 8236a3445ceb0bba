#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "git/fetch_progress.h"
#include "git/store.h"
#include "state/history.h"
#include "state/pause.h"
#include "state/state.h"
#include "sync/standing.h"

namespace greenwave::daemon {

/// What `greenwave status` shows: a snapshot, cheap to copy.
struct Status {
  std::string version;
  std::string device;
  std::string cluster;  ///< empty until a first render
  std::string repository;
  std::string branch;
  sync::Followed followed;
  std::optional<git::Commit> commit;   ///< applied (or being applied)
  std::optional<git::Signer> signer;   ///< of it; nothing: commits are not checked
  std::string phase;                   ///< "idle", "polling", "fetching", "rendering", "probing"
  std::optional<git::Fetching> fetch;  ///< while a fetch is under way
  std::optional<Time> last_sync;       ///< that reached its end, in this process or as the history knows it
  state::SyncResult last_result = state::SyncResult::unknown;
  Duration last_took{};
  std::string last_error;                 ///< why the last sync could not be done at all; empty: it could
  std::optional<Time> unreachable_since;  ///< the repository; the device keeps its last commit meanwhile
  std::optional<Time> next_sync;
  std::optional<Time> last_poll;  ///< that the repository answered; not written to the disk
  Duration interval{};            ///< between polls
  bool stale = false;  ///< nothing says that the repository was reached in the last three intervals
  std::size_t objects = 0;
  std::size_t in_sync = 0;
  std::size_t drifted = 0;                   ///< repaired by the last sync
  std::vector<sync::FailedObject> failed;    ///< failed, refused or held
  std::vector<sync::WaitingObject> waiting;  ///< for a window, or for a program that is busy
  std::string waiting_why;                   ///< "outside of the window overnight"
  std::optional<Time> waiting_until;
  std::optional<sync::Rejected> rejected;  ///< the ref's commit, which was refused or taken back
  std::optional<sync::OnTrial> trial;
  std::optional<sync::Loss> loss;
  std::vector<std::string> problems;  ///< of the repository, errors first, as FILE:LINE:COLUMN texts
  std::size_t errors = 0;             ///< how many of them are errors
  std::vector<std::string>
      notes;  ///< said once: "units are not started under --root", "commits are not checked"
  std::optional<state::Pause> pause;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_last_sync = 0;
  bool checks_commits = false;  ///< by their signatures; not written to JSON
  bool running = true;          ///< false: read from the state file, no daemon runs
};

/// Shows what a standing says.
void stand_at(Status& status, const sync::Standing& standing);
/// Shows the last sync that the history has.
void recall_last_sync(Status& status, const state::State& state);

/// With what it comes to (see situation.h), which is not read back. Times are written to the second. Reading
/// throws Error (invalid) for what is not of this form.
nlohmann::json to_json(const Status& status);
nlohmann::json to_json(const git::Fetching& fetch);
git::Fetching fetching_from_json(const nlohmann::json& json);
Status status_from_json(const nlohmann::json& json);

}  // namespace greenwave::daemon
