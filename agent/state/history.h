#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
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

/// One sync that changed something, or failed: syncs that change nothing are not recorded.
struct SyncRecord {
  std::int64_t number = 0;  ///< set by State
  Time started{};
  Duration took{};
  std::string trigger;  ///< "once", "interval", "request", "bundle", "pause", "resume"
  std::string who;      ///< for a request: the person
  std::string reason;   ///< why the person did not wait for a window
  std::string commit;
  std::string subject;
  std::string author;
  std::string result;  ///< "in sync", "failed" (some objects), "refused", "error" (no sync at all)
  std::string error;   ///< for "error", and the reason given with a pause
  std::vector<Action> actions;
  std::vector<std::string> problems;  ///< of the repository, as FILE:LINE:COLUMN texts
};

/// False for a pause and its end, which stand in the history too.
bool is_sync(const SyncRecord& record);

struct Pause {
  Time until{};
  std::string who;
  std::string reason;
};

/// Times are written to the second. The readers throw Error (invalid) for what is not of this form; members
/// that are absent keep their defaults, so that an older agent's records read too.
nlohmann::json to_json(const SyncRecord& record);
SyncRecord sync_record_from_json(const nlohmann::json& json);

nlohmann::json to_json(const Pause& pause);
Pause pause_from_json(const nlohmann::json& json);

}  // namespace greenwave::state
