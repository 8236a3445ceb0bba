#include "sync/records.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace greenwave::sync {

std::vector<std::string> texts_of(const Problems& problems) {
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
  for (const auto& problem : problems.list()) {
    (problem.severity == Severity::error ? errors : warnings).push_back(to_string(problem));
  }
  errors.insert(errors.end(), warnings.begin(), warnings.end());
  return errors;
}

std::size_t error_count(const Problems& problems) {
  return static_cast<std::size_t>(std::ranges::count(problems.list(), Severity::error, &Problem::severity));
}

std::string essence(const state::SyncRecord& record) {
  auto json = state::to_json(record);
  for (const char* key : {"number", "started", "tookMs", "trigger", "who", "forced", "atOnce", "allowEmpty"})
    json.erase(key);
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Event event_of(const state::Action& action, const CommitId& commit) {
  auto text = fmt::format("{} {}", action.verb, action.object);
  if (!action.ok) text += ": " + action.error;
  if (action.ok && !action.reason.empty()) text += " (" + action.reason + ")";
  return {
      .kind = "step", .text = std::move(text), .object = action.object, .ok = action.ok, .commit = commit};
}

state::Action refusal_of(const FailedObject& failed) {
  return {.verb = "refuse",
          .object = failed.object,
          .ok = false,
          .error = failed.reason,
          .reason = {},
          .was = {}};
}

}  // namespace greenwave::sync
