#include "sync/sync.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/memory.h"
#include "git/ref_name.h"
#include "state/keys.h"
#include "sync/course_record.h"
#include "sync/own_change.h"
#include "sync/recalled.h"
#include "sync/records.h"
#include "sync/remembered.h"
#include "sync/waiting.h"

namespace greenwave::sync {

namespace {

using state::SyncResult;

SyncResult result_of(const Pass& pass) {
  const auto& standing = pass.kept.standing;
  if (!pass.record.error.empty()) return pass.unlisted ? SyncResult::unlisted : SyncResult::error;
  const bool is_rejected = pass.kept.course.rejected.has_value();
  if (is_rejected && pass.record.trigger == state::Trigger::revert) return SyncResult::reverted;
  if (!standing.failed.empty() || standing.errors > 0) return SyncResult::failed;
  if (is_rejected) return SyncResult::held;
  return standing.waiting.empty() ? SyncResult::in_sync : SyncResult::waiting;
}

int exit_code_of(SyncResult result) {
  if (result == SyncResult::error || result == SyncResult::unlisted) return 2;
  return result == SyncResult::in_sync || result == SyncResult::waiting ? 0 : 1;
}

nlohmann::json differences(Pass& pass) {
  nlohmann::json answer{{"changes", nlohmann::json::array()}, {"problems", nlohmann::json::array()}};
  auto& problems = answer["problems"];
  auto commit = receive(pass);
  if (commit.empty()) {
    commit = pass.applied();
    const Error nothing(Fault::transient, "no commit has arrived since the agent started");
    const auto& why_not = pass.why_not ? *pass.why_not : nothing;
    if (commit.empty()) throw why_not;
    problems.push_back(fmt::format("compared with the last applied commit: {}", why_not.what()));
  }
  pass.observed = observe(pass.inventory(), pass.parts.drivers, {.describe = true});
  const auto prepared = prepare_commit(pass, commit);
  answer["commit"] = commit.text();
  const auto permission = hold_for_now(*prepared, pass.parts);
  for (const auto& step : prepared->plan.steps) {
    nlohmann::json change{
        {"verb", word_of(step)}, {"object", to_string(step.id)}, {"diff", step.difference.diff}};
    if (const auto waits = plan::waiting_in_words(step); !waits.empty()) {
      change["waits"] = waits;
      answer["waitingWhy"] = permission.why;
      if (permission.until) answer["waitingUntil"] = to_iso(*permission.until);
    }
    answer["changes"].push_back(std::move(change));
  }
  for (const auto& failed : prepared->compared.failed) {
    problems.push_back(fmt::format("{}: {}", failed.object, failed.reason));
  }
  for (const auto& text : texts_of(prepared->problems)) problems.push_back(text);
  return answer;
}

}  // namespace

Sync::Sync(Parts parts) : parts_(std::move(parts)), journal_(parts_.state) {
  kept_.remembered = recall(parts_.state, git::full_ref_name(parts_.config.repository.branch));
  kept_.course = read_course(parts_.state);
  kept_.arrivals = recall_arrivals(parts_.state);
  kept_.clean = parts_.state.value(state::keys::clean).value_or("");
  kept_.failed_own = read_failed(parts_.state);
  kept_.standing = recalled_standing(parts_.state);
}

CommitId Sync::applied() const {
  return last_applied(parts_);
}

bool Sync::answers_for_change() const {
  const auto& trial = kept_.course.trial;
  const bool is_armed = parts_.guard != nullptr && (parts_.guard->armed_before() || parts_.guard->put_back());
  return is_armed || (trial && !trial->own_change.empty());
}

/// With a new store where the old one is damaged.
void Sync::attempt(Pass& pass) {
  try {
    sync::run(pass);
  } catch (const Error& error) {
    if (error.fault() != Fault::damaged || !parts_.state.sound()) throw;
    parts_.intake.start_over(error);
    kept_.clean.clear();
    kept_.received = {};
    pass.fresh.reset();
    sync::run(pass);
  }
}

Result Sync::run(const Request& request, state::Trigger trigger, const Observer& observer,
                 std::optional<Delivery> delivery) {
  Pass pass{.parts = parts_,
            .kept = kept_,
            .request = request,
            .observer = observer,
            .delivery = std::move(delivery),
            .began = parts_.clock.tick()};
  auto& record = pass.record;
  record.started = parts_.clock.now();
  record.trigger = trigger;
  record.who = request.who;
  record.reason = request.reason;
  record.forced = request.force;
  record.at_once = request.now;
  record.may_empty = request.allow_empty;
  attempt(pass);
  release_guard(pass);
  if (request.force && pass.came_through) {
    forget_loss(parts_.state);
    kept_.standing.loss.reset();
  }
  fill_standing(pass);
  forget_others(applied());
  parts_.intake.tidy();
  if (kept_.course.trial) pass.take(ended(kept_.course));

  record.took = time_taken(pass);
  record.result = result_of(pass);
  journal_.add(record, parts_.clock.now(), request.poll);
  const auto exit_code = exit_code_of(record.result);
  Result result{.exit_code = exit_code,
                .answered = pass.answered,
                .reached = pass.reached,
                .record = std::move(record),
                .standing = kept_.standing,
                .again = pass.again,
                .renews = pass.renews};
  // Some MiB for thousands of objects, and milliseconds to load again.
  pass.observed.reset();
  pass.entries.reset();
  pass.fresh.reset();
  give_back_memory();
  return result;
}

Standing Sync::standing() {
  const Observer nobody = [](const Event&) {};
  Pass pass{.parts = parts_, .kept = kept_, .request = {}, .observer = nobody};
  fill_standing(pass);
  auto standing = kept_.standing;
  add_unfinished(standing, pass.inventory());
  count_objects(standing, pass.inventory());
  return standing;
}

/// Where the device is now, from the inventory.
void Sync::fill_standing(Pass& pass) {
  auto& standing = kept_.standing;
  count_objects(standing, pass.inventory());
  const auto last = applied();
  if (last.empty()) {
    standing.commit.reset();
  } else if (!standing.commit || standing.commit->id != last || standing.commit->time == Time{}) {
    // A new store has it again once the server has been reached.
    const bool known = standing.commit && standing.commit->id == last;
    if (parts_.intake.has(last)) {
      standing.commit = parts_.intake.about(last);
    } else if (!known) {
      standing.commit = git::Commit{last, {}, {}, {}};
    }
  }
  if (standing.commit) name_commit(pass.record, *standing.commit, kept_.remembered, kept_.arrivals);
  standing.signer.reset();
  const auto& signers = kept_.remembered.signers;
  if (const auto signer = signers.find(last); signer != signers.end()) standing.signer = signer->second;
  standing.rejected = kept_.course.rejected;
  standing.trial = trial_of(kept_.course);
  standing.unreachable_since = kept_.remembered.unreachable_since;
  standing.followed.wave = kept_.remembered.following.wave;
}

/// Who signed commits that the device neither has nor may go to, and how they came.
void Sync::forget_others(const CommitId& applied) {
  std::set<CommitId> needed{applied, kept_.course.good, kept_.remembered.accepted};
  if (kept_.course.trial) needed.insert(kept_.course.trial->commit);
  auto after = kept_.remembered;
  std::erase_if(after.signers, [&](const auto& one) { return !needed.contains(one.first); });
  remember(parts_.state, kept_.remembered, after);
  kept_.remembered = std::move(after);
  auto arrivals = kept_.arrivals;
  needed.insert(kept_.received);
  std::erase_if(arrivals, [&](const auto& one) { return !needed.contains(one.first); });
  remember(parts_.state, kept_.arrivals, arrivals);
  kept_.arrivals = std::move(arrivals);
}

Question Sync::question() const {
  return {.remembered = kept_.remembered, .own = own_of(parts_, kept_)};
}

nlohmann::json Sync::diff(const Request& request, std::optional<Delivery> delivery) {
  const Observer nobody = [](const Event&) {};
  auto answer = nlohmann::json::object();
  {
    Pass pass{.parts = parts_,
              .kept = kept_,
              .request = request,
              .observer = nobody,
              .delivery = std::move(delivery)};
    answer = differences(pass);
  }
  give_back_memory();
  return answer;
}

}  // namespace greenwave::sync
