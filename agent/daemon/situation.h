#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/status.h"

namespace greenwave::daemon {

/// Every status that a device can have; several may hold at once. In the order of what to see to first, which
/// is how they are shown. Their words are an interface: `greenwave status -o json`, the metrics and
/// greenwave(1) have them. Add to them, but never change one.
enum class Situation {
  not_running,  ///< only the state file speaks
  reverted,     ///< from a commit that was not healthy here
  unlisted,     ///< the newest commit's inventory does not list the device
  error,        ///< the last sync could not be done for another reason
  failed,       ///< objects could not be applied, or are not healthy
  refused,     ///< the newest commit, of which nothing was applied, or parts of the applied one, which are as
               ///< before
  unhealthy,   ///< the commit is not healthy, and there is none to go back to
  incomplete,  ///< no commit was ever applied to its end, but some of its objects were
  retrying,    ///< objects could not be applied for a reason that passes
  offline,     ///< the repository could not be reached
  stale,       ///< it was not reached for three intervals
  tip_expired,  ///< who signs tips has said nothing new for too long: newer commits may be held back
  state_lost,   ///< the state file was damaged and begun again, which nobody has acknowledged
  empty,        ///< nothing was ever applied
  renewing,     ///< a commit changed what the agent starts with: its next run decides
  on_trial,     ///< it is not decided yet whether the commit is kept
  waiting,      ///< for a window, or for a program that is busy
  held,         ///< until the ref of the device's wave has caught up
  paused,       ///< by a person
  in_sync,      ///< nothing else holds
};

/// "in sync"
std::string_view to_string(Situation situation);
/// All of them, in their order.
std::vector<Situation> every_situation();

/// What others may build on (a promotion, an alert): "healthy" when the device is as its commit says, whether
/// the repository can be reached or not; "failed" when objects are not, or a newer commit was refused;
/// "reverted" when it went back from a newer one; "progressing" while something of it is not decided.
enum class Health { healthy, progressing, failed, reverted };
std::string_view to_string(Health health);

/// What each alone says of the device.
int exit_code_of(Situation situation);
Health health_of(Situation situation);

/// What a status comes to. Every surface says this and nothing else: the command, its exit code and JSON, the
/// last line of a sync, and the metrics.
struct Judgement {
  std::vector<Situation> situations{};  ///< what to see to first comes first; never empty
  int exit_code = 0;  ///< of `greenwave status`: 0 all is in order, 1 it is not, 2 not running
  Health health = Health::healthy;

  Situation first() const { return situations.front(); }
};

Judgement judge(const Status& status);
/// Of a sync that just ended with this result: without what it is not about, such as whether the server can
/// be reached when it came from a bundle.
Judgement judge_sync(Status status, const state::SyncRecord& record);

/// One sentence without an end, for people: "5 of 29 objects failed".
std::string sentence(Situation situation, const Status& status);

}  // namespace greenwave::daemon
