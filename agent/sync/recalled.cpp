#include "sync/recalled.h"

#include <algorithm>
#include <set>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "state/keys.h"
#include "sync/course_record.h"
#include "sync/remembered.h"

namespace greenwave::sync {

namespace {

namespace keys = state::keys;

/// How many records to look through: pauses are among them.
constexpr std::size_t newest_records = 20;

bool is_listed(const Standing& standing, std::string_view object) {
  return std::ranges::any_of(standing.failed, [&](const FailedObject& one) { return one.object == object; });
}

void add_owed(Standing& standing, const std::vector<plan::Owed>& owed) {
  for (const auto& one : owed) {
    auto what = std::string(one.restart ? "restart" : "reload");
    if (one.because != one.unit) what += " for " + to_string(one.because);
    standing.waiting.push_back({to_string(one.unit), std::move(what)});
  }
  if (!owed.empty()) standing.waiting_why = "owed when the daemon last ran";
}

/// What is refused or held is as it was in the inventory, and fails in the record of the sync.
void add_last_sync(Standing& standing, const state::SyncRecord& last) {
  standing.problems = last.problems;
  standing.errors = last.errors;
  for (const auto& action : last.actions) {
    if (action.ok || is_listed(standing, action.object)) continue;
    standing.failed.push_back(
        {.object = action.object, .reason = action.error, .refused = action.verb == "refuse"});
  }
}

std::optional<Loss> read_loss(const state::State& state) {
  const auto json = nlohmann::json::parse(state.value(keys::loss).value_or(""), nullptr, false);
  if (!json.is_object()) return {};
  try {
    return Loss{.when = from_iso(json.value("when", "")), .why = json.value("why", "")};
  } catch (const std::exception&) {
    return {};  // no writer of ours wrote it
  }
}

/// The history may not have it: a commit that changes nothing, or a power cut after its last step.
void name_applied(Standing& standing, const state::State& state,
                  const std::vector<state::SyncRecord>& history) {
  const CommitId applied(state.value(keys::applied).value_or(""));
  const auto sync = std::ranges::find_if(history, [&](const state::SyncRecord& record) {
    return state::is_sync(record) && !record.commit.empty() && (applied.empty() || record.commit == applied);
  });
  if (sync == history.end()) {
    if (!applied.empty()) standing.commit = git::Commit{applied, {}, {}, {}};
    return;
  }
  standing.commit = git::Commit{sync->commit, sync->subject, sync->author, {}};
  if (!sync->signer.empty()) standing.signer = git::Signer{sync->signer, sync->signer_key};
}

}  // namespace

Standing recalled_standing(const state::State& state) {
  Standing standing;
  standing.cluster = state.value(keys::cluster).value_or("");
  const auto inventory = state.inventory();
  add_unfinished(standing, inventory);
  const auto course = read_course(state);
  for (const auto& check : course.ailing) {
    standing.failed.push_back(
        {check, "it failed before the last commit, and did so when the daemon last ran"});
  }
  standing.rejected = course.rejected;
  standing.trial = trial_of(course);
  add_owed(standing, state.owed());
  const auto remembered = recall(state, {});
  standing.unreachable_since = remembered.unreachable_since;
  standing.followed.wave = remembered.following.wave;
  const auto history = state.history(newest_records);
  const auto last = std::ranges::find_if(history, state::is_sync);
  if (last != history.end()) add_last_sync(standing, *last);
  name_applied(standing, state, history);
  standing.loss = read_loss(state);
  count_objects(standing, inventory);
  return standing;
}

void count_objects(Standing& standing, const std::vector<Entry>& inventory) {
  std::set<std::string> failed;  // what is refused or held has no error of its own in the inventory
  for (const auto& one : standing.failed) failed.insert(one.object);
  standing.objects = inventory.size();
  standing.in_sync = static_cast<std::size_t>(std::ranges::count_if(inventory, [&](const Entry& entry) {
    return entry.error.empty() && !entry.intended && !failed.contains(to_string(entry.id));
  }));
}

void add_unfinished(Standing& standing, const std::vector<Entry>& inventory) {
  for (const auto& entry : inventory) {
    if (entry.error.empty() && !entry.intended) continue;
    const auto object = to_string(entry.id);
    if (is_listed(standing, object)) continue;
    const bool failed = !entry.error.empty();
    standing.failed.push_back({.object = object,
                               .reason = failed ? entry.error : "unknown: an apply did not finish",
                               .fault = !failed || entry.passes ? Fault::transient : Fault::invalid});
  }
}

void write_loss(state::State& state, const Loss& loss) {
  const nlohmann::json json{{"when", to_iso(loss.when)}, {"why", loss.why}};
  state.set_value(keys::loss, json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void forget_loss(state::State& state) {
  if (!state.value(keys::loss).value_or("").empty()) state.set_value(keys::loss, "");
}

}  // namespace greenwave::sync
