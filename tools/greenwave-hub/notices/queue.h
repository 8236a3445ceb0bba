#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "database/query.h"

namespace greenwave::hub {

// The table `notices` by its kinds:
//
//   halt     a commit whose halt was told; body: the notice, "open", and when it was last "seen"
//   reason   one of its reasons that was told
//   webhook, mail, status   what is told, until it was: due, tries
//
// Each statement decides alone: of several hubs that see the same, one finds a reason that is new, and one
// takes what is due.

/// Tells that `commit` is halted, by each of `channels` ("webhook", "mail"), if one of `reasons` was not told
/// yet, and the last notice of the commit is older than `pace`. Returns one row: how many reasons were new.
Query tell_halt(const std::string& city, const std::string& commit, const std::vector<std::string>& reasons,
                const std::vector<std::string>& channels, const nlohmann::json& notice, Duration pace);
/// Tells of halts that were not seen for `pace` that they are over: all but those of `halted`.
Query tell_over(const std::string& city, const std::vector<std::string>& halted,
                const std::vector<std::string>& channels, Duration pace);
/// Tells the status of a commit, where it is another than the last.
Query tell_status(const std::string& city, const std::string& commit, const nlohmann::json& status);

/// Takes what is due, for two minutes; what is not settled then is due again. Those of a channel go one after
/// the other. Rows: kind, subject, tries, body.
Query take_due(const std::string& city, const std::vector<std::string>& kinds);
/// It was told, unless it is another by now.
Query settle(const std::string& city, const std::string& kind, const std::string& subject,
             const std::string& body);
/// It is due again after `pause`; three days after it was first due, never again.
Query put_off(const std::string& city, const std::string& kind, const std::string& subject,
              const std::string& body, Duration pause);
/// Rows: how many are not told yet.
Query count_waiting(const std::string& city);
/// Forgets what was told longer ago than `keep`.
Query forget_told(const std::string& city, Duration keep);

}  // namespace greenwave::hub
