#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "model/commit_id.h"
#include "model/object_id.h"

namespace greenwave::state {

/// What one sync did to one object.
struct Action {
  std::string verb;  ///< plan::Verb's word, or "refuse"
  std::string object;
  bool ok = true;
  std::string error;
  std::string reason;  ///< how it drifted, what it restarted for, what was left in place
  std::string was;     ///< what had been there before; no secret
};

/// What a sync was done for, or a record of the history written for.
enum class Trigger {
  unknown,  ///< not written, or by another version of the agent
  once,
  interval,
  request,
  bundle,
  window,  ///< opened for what waited
  retry,   ///< of what a transient fault had stopped
  revert,
  pause,
  resume,
  damage,  ///< of the state file, found by the agent
  trust,   ///< what the device trusts is not what it was
};

/// How a sync ended.
enum class SyncResult {
  unknown,  ///< not written, or by another version of the agent; none yet
  in_sync,
  waiting,      ///< in sync, but for steps that wait for a window or a program that is busy
  held,         ///< the ref still names a commit that was refused or taken back
  failed,       ///< some objects, or something in the repository is wrong
  refused,      ///< a commit of which nothing was applied
  not_healthy,  ///< a commit that is taken back next
  reverted,
  error,     ///< it could not be done at all
  unlisted,  ///< neither, because the inventory does not list the device
  paused,
  resumed,
  state_lost,  ///< the state file was damaged, and begun again
};

/// The words of the history, of status and of the metrics: "in sync", "not healthy"; unknown is "".
std::string_view to_string(Trigger trigger);
std::string_view to_string(SyncResult result);
Trigger trigger_from(std::string_view text);
SyncResult sync_result_from(std::string_view text);

/// How a commit got to the device.
struct Arrived {
  std::string by;    ///< "link", from a server, or "stick", in a bundle that somebody brought
  std::string from;  ///< the server's URL, or the bundle's name
  std::string who;   ///< who gave the bundle to the agent; empty: nobody
  Time at{};         ///< when the agent took it

  bool operator==(const Arrived&) const = default;
};

/// One sync that changed something, or failed: syncs that change nothing are not recorded.
struct SyncRecord {
  std::int64_t number = 0;  ///< set by State
  Time started{};
  Duration took{};
  Trigger trigger = Trigger::unknown;
  std::string who;         ///< for a request: the person
  std::string reason;      ///< why the person did not wait for a window
  bool forced = false;     ///< the person had everything read and applied again
  bool at_once = false;    ///< and did not wait for a window
  bool may_empty = false;  ///< and let a repository that declares nothing remove everything
  CommitId commit;
  Arrived arrived;  ///< the commit did; `by` is empty: not known
  std::string subject;
  std::string author;
  std::string signer;      ///< principal; empty: commits were not checked
  std::string signer_key;  ///< its fingerprint, "SHA256:…"
  SyncResult result = SyncResult::unknown;
  std::string error;  ///< for `error`, `refused` and `not_healthy`: why; the reason given with a pause
  std::vector<Action> actions;
  std::vector<std::string> problems;  ///< of the repository, errors first, as FILE:LINE:COLUMN texts
  std::size_t errors = 0;             ///< how many of them are errors
};

/// False for pauses, their ends and the loss of the state, which the history has too, and for what of the
/// trust changed.
bool is_sync(const SyncRecord& record);

/// Times are written to the second. The readers throw Error (invalid) for what is not of this form; members
/// that are absent keep their defaults, so that an older agent's records read too.
nlohmann::json to_json(const Arrived& arrived);
Arrived arrived_from_json(const nlohmann::json& json);
nlohmann::json to_json(const SyncRecord& record);
SyncRecord sync_record_from_json(const nlohmann::json& json);

}  // namespace greenwave::state
