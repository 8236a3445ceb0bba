#include "last_state.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/version.h"
#include "daemon/own_id.h"
#include "state/keys.h"
#include "state/state.h"
#include "sync/course_record.h"
#include "sync/objects.h"
#include "sync/remembered.h"

namespace greenwave::cli {

namespace {

std::unique_ptr<state::State> open(const Context& context) {
  auto state = state::State::open_read_only(context.database);
  if (state) return state;
  throw Error(Fault::invalid, fmt::format("there is no saved state at {}", context.database.native()),
              "check --config and --root, or start the daemon: sudo systemctl start greenwaved");
}

constexpr const char* unfinished = "unknown: an apply did not finish";

void add_inventory(daemon::Status& status, const std::vector<Entry>& inventory) {
  status.objects = inventory.size();
  for (const auto& entry : inventory) {
    if (entry.error.empty() && !entry.intended) {
      ++status.in_sync;
    } else {
      status.failed.push_back({to_string(entry.id), entry.error.empty() ? unfinished : entry.error,
                               entry.passes ? Fault::transient : Fault::invalid});
    }
  }
}

void add_owed(daemon::Status& status, const std::vector<plan::Owed>& owed) {
  for (const auto& one : owed) {
    auto what = std::string(one.restart ? "restart" : "reload");
    if (one.because != one.unit) what += " for " + to_string(one.because);
    status.waiting.push_back({to_string(one.unit), std::move(what)});
  }
  if (!owed.empty()) status.waiting_why = "owed when the daemon last ran";
}

/// What is refused or held is as it was in the inventory, and fails in the record of the last sync.
void add_refused(daemon::Status& status, const state::SyncRecord& sync, const std::vector<Entry>& inventory) {
  for (const auto& action : sync.actions) {
    const bool known = std::ranges::any_of(
        status.failed, [&action](const auto& failed) { return failed.object == action.object; });
    if (action.ok || known) continue;
    const auto is_it = [&action](const Entry& entry) { return to_string(entry.id) == action.object; };
    if (std::ranges::any_of(inventory, is_it)) --status.in_sync;
    status.failed.push_back({action.object, action.error});
  }
}

/// The history may not have it: a commit that changes nothing, or a power cut after its last step.
void name_applied(daemon::Status& status, const state::State& state) {
  const CommitId applied(state.value(state::keys::applied).value_or(""));
  if (applied.empty() || (status.commit && status.commit->id == applied)) return;
  status.commit = git::Commit{applied, {}, {}, {}};
  status.signer.reset();
}

}  // namespace

daemon::Status last_status(const Context& context) {
  const auto state = open(context);
  daemon::Status status;
  status.running = false;
  status.version = program_version;
  if (context.config) {
    status.device = daemon::own_id(*context.config, state->value(state::keys::device)).id;
    status.repository = context.config->repository.url;
    status.branch = context.config->repository.branch;
  }
  const auto inventory = state->inventory();
  add_inventory(status, inventory);
  const auto course = sync::read_course(*state);
  status.rejected = course.rejected;
  for (const auto& check : course.ailing) {
    status.failed.push_back({check, "it failed before the last commit, and did so when the daemon last ran"});
    --status.in_sync;
  }
  add_owed(status, state->owed());
  if (const auto pause = state->pause()) status.pause = state::standing(*pause, SystemClock());
  status.unreachable_since = sync::recall(*state, {}).unreachable_since;
  for (const auto& sync : state->history(20)) {
    if (!state::is_sync(sync)) continue;
    if (!status.last_sync) {
      status.last_sync = sync.started + sync.took;
      status.last_result = sync.result;
      status.last_took = sync.took;
      if (sync.result == state::SyncResult::error) status.last_error = sync.error;
      status.problems = sync.problems;
      add_refused(status, sync, inventory);
    }
    if (!status.commit && !sync.commit.empty()) {
      status.commit = git::Commit{sync.commit, sync.subject, sync.author, {}};
      if (!sync.signer.empty()) status.signer = git::Signer{sync.signer, sync.signer_key};
    }
  }
  name_applied(status, *state);
  return status;
}

std::vector<state::SyncRecord> last_history(const Context& context, std::size_t most) {
  return open(context)->history(most);
}

nlohmann::json last_objects(const Context& context, const std::string& name) {
  auto objects = sync::describe_objects(*open(context), name);
  for (auto& object : objects) {
    auto& state = object["state"];
    if (state == "unfinished") state = unfinished;
    if (state == "in sync") state = "in sync when the daemon last ran";
  }
  return objects;
}

}  // namespace greenwave::cli
