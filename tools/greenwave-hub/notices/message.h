#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "config/notices_config.h"
#include "outbound/outbound.h"
#include "rollout/rollout.h"

namespace greenwave::hub {

/// A commit of the rollout, and what the waves that are at it say together.
struct CommitStanding {
  enum class State { pending, success, failure };
  std::string commit;
  std::string subject;
  State state = State::pending;
  std::string says;                    ///< one line
  std::vector<std::string> halted;     ///< why it goes no further, a line for each wave; empty: it does
  std::vector<FailureGroup> failures;  ///< of those waves, grouped, the largest first; at most 20
};

/// Each commit that a wave is at, in the order of the waves. It has succeeded when the branch has it, and
/// every wave that is at it is healthy: those before the branch may be at the next one. Pure.
std::vector<CommitStanding> commits_of(const std::vector<WaveStanding>& waves);

/// What receivers of a notice read:
///
///   {"id", "event": "halted" | "over", "city", "commit", "subject", "halted": [text], "reasons": [{"reason",
///    "devices", "examples": [device]}], "at", "page"}
nlohmann::json halt_json(const std::string& city, const CommitStanding& commit, const std::string& page);

/// The POST of a notice, with its signature over the body in X-Hub-Signature-256, as GitHub's webhooks have
/// it: "sha256=" and the HMAC-SHA-256 in hexadecimal.
Call webhook_call(const WebhookPlace& place, const nlohmann::json& notice, std::string_view secret);

/// A mail for sendmail's standard input. What people or devices wrote is in the body, or encoded (RFC 2047)
/// in the subject: no header can be made by it.
std::string mail_text(const MailPlace& place, const nlohmann::json& notice, Time now);

/// Sets the status of a commit by the server's own API. `status`: {"commit", "state", "says", "context",
/// "page"}.
Call status_call(const CommitsPlace& place, const nlohmann::json& status, std::string_view token);
nlohmann::json status_json(const std::string& city, const CommitStanding& commit, const std::string& page);

std::string_view to_string(CommitStanding::State state);

}  // namespace greenwave::hub
