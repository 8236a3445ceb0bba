#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "daemon/saved_status.h"
#include "daemon/situation.h"
#include "doctor/checks.h"

namespace greenwave::cli {

namespace {

using daemon::Situation;

/// Of the daemon, or of its state file; check_daemon and check_state report what is wrong with these.
std::optional<daemon::Status> known_status(const Context& context) {
  try {
    return daemon::status_from_json(context.client().get("/v1/status"));
  } catch (const Error&) {
    // The daemon does not answer.
  }
  try {
    if (const auto state = state::State::open_read_only(context.database)) {
      return daemon::saved_status(context.config ? &*context.config : nullptr, *state, SystemClock());
    }
  } catch (const Error&) {
    // Nor can its state be read.
  }
  return {};
}

/// Why, where the sentence alone does not say it.
std::string reason_of(Situation situation, const daemon::Status& status) {
  const auto first = [&](bool refused) {
    for (const auto& one : status.failed) {
      if (one.refused == refused && passes(one.fault) == (situation == Situation::retrying))
        return one.object + ": " + one.reason;
    }
    return std::string();
  };
  switch (situation) {
    case Situation::unlisted:
    case Situation::error:
    case Situation::offline:
      return status.last_error;
    case Situation::failed:
    case Situation::retrying:
      return first(false);
    case Situation::refused:
      if (status.rejected && status.rejected->refused > 0) return status.rejected->reason;
      return status.errors > 0 && !status.problems.empty() ? status.problems.front() : first(true);
    case Situation::reverted:
      return status.rejected ? status.rejected->reason : "";
    case Situation::state_lost:
      return status.loss->why;
    default:
      return {};
  }
}

CheckResult result_of(Situation situation) {
  if (daemon::exit_code_of(situation) == 0) return CheckResult::ok;
  const auto health = daemon::health_of(situation);
  return health == daemon::Health::failed || health == daemon::Health::reverted ? CheckResult::failed
                                                                                : CheckResult::warning;
}

}  // namespace

void check_standing(const Context& context, Findings& findings) {
  auto status = known_status(context);
  if (!status) return;
  status->running = true;  // check_daemon has that
  const auto last = status->last_sync ? fmt::format("last sync {}: {}", moment(*status->last_sync),
                                                    to_string(status->last_result))
                                      : std::string("no sync yet");
  for (const auto situation : daemon::judge(*status).situations) {
    const auto reason = reason_of(situation, *status);
    const auto result = result_of(situation);
    findings.push_back({result, "sync",
                        fmt::format("{}{}{} ({})", daemon::sentence(situation, *status),
                                    reason.empty() ? "" : ": ", reason, last),
                        result == CheckResult::ok ? "" : "see all of it: greenwave status"});
  }
}

}  // namespace greenwave::cli
