// The way back to the last good commit.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "sync/sync.h"

namespace greenwave::sync {

namespace {

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::ranges::find(list, text) != list.end();
}

}  // namespace

/// All of it: files, units, what the commit added and what it removed. Begun again where a power cut ended
/// it, or a server that must have its part did not answer.
void Sync::revert(const Observer& observer, Result& result) {
  const auto trial = *course_.trial;
  observer({.kind = "problem",
            .text = fmt::format("{} is taken back: {}", trial.commit.substr(0, 12), trial.reverting),
            .ok = false});
  tell_of_trial(result.record);
  course_.trial->told = true;
  course_.trial->process = parts_.process;
  write_course(parts_.state, course_);
  const auto began = parts_.clock.tick();
  result.record = {};
  result.record.started = parts_.clock.now();
  result.record.trigger = state::Trigger::revert;

  std::string failure;
  try {
    if (!store_->has(course_.good)) parts_.transport.fetch(course_.good, *store_);
    undo_commands(observer, result);
    const auto moot = parts_.state.owed();
    apply_commit(course_.good, {}, observer, result);
    parts_.state.settle({}, {}, moot);
    for (const auto& failed : standing_.failed) {
      failure += fmt::format("{}{}: {}", failure.empty() ? "" : "; ", failed.object, failed.reason);
    }
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged || parts_.stop) throw;
    failure = error.what();
  }
  if (!failure.empty() && is_away()) {
    result.record.error = fmt::format("{} is being taken back, and that goes on once it can: {}",
                                      trial.commit.substr(0, 12), failure);
    return;
  }
  finish_revert(failure);
  result.record.took = std::chrono::duration_cast<Duration>(parts_.clock.tick() - began);
  result.record.error = failure.empty() ? "" : stuck_text();
}

/// The record of what was tried, before the one of taking it back.
void Sync::tell_of_trial(state::SyncRecord& record) {
  if (course_.trial->told) return;
  const auto commit = store_->commit(course_.trial->commit);
  record.commit = commit.oid;
  record.subject = commit.subject;
  record.author = commit.author;
  record.result = state::SyncResult::not_healthy;
  record.took = std::max(parts_.clock.now() - record.started, Duration::zero());
  record.error = course_.trial->reverting;
  parts_.state.record(record, parts_.clock.now());
}

/// What commands did is not undone by applying what was before: those that the last good commit does not
/// have, or has otherwise, are asked to undo it themselves.
void Sync::undo_commands(const Observer& observer, Result& result) {
  std::map<ObjectId, Digest> wanted;
  const auto tree = store_->tree(course_.good, parts_.config.repository.path);
  Problems unsaid;  // they were said when that commit was applied
  for (const auto& manifest : render::render(*tree, identity(unsaid)).manifests)
    wanted.emplace(manifest.id, manifest.digest);
  const auto entries = inventory();
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const auto before = wanted.find(entry->id);
    const auto name = to_string(entry->id);
    auto& trial = *course_.trial;
    if ((before != wanted.end() && before->second == entry->digest) || contains(trial.undone, name)) continue;
    const auto* served = serving(parts_.drivers, entry->id);
    auto* const undo = served != nullptr ? served->driver->abilities().undo : nullptr;
    if (undo == nullptr) continue;
    const auto undone = undo->undo(*entry);
    if (!undone) continue;
    state::Action action{
        .verb = "undo", .object = name, .ok = undone->empty(), .error = *undone, .reason = {}, .was = {}};
    observer({.kind = "step",
              .text = "undo " + name,
              .object = name,
              .ok = action.ok,
              .commit = CommitId(trial.commit)});
    result.record.actions.push_back(std::move(action));
    trial.undone.push_back(name);
    if (!undone->empty()) trial.not_undone.push_back(fmt::format("{}: {}", name, *undone));
    write_course(parts_.state, course_);
  }
}

void Sync::finish_revert(const std::string& failure) {
  const auto trial = *course_.trial;
  course_.rejected = Rejected{.commit = trial.commit,
                              .reason = trial.reverting,
                              .when = parts_.clock.now(),
                              .not_undone = trial.not_undone,
                              .stuck = failure};
  course_.trial.reset();
  write_course(parts_.state, course_);
}

std::string Sync::stuck_text() const {
  const auto& rejected = *course_.rejected;
  return fmt::format(
      "{} was not healthy ({}), and taking it back failed: {}; the device is left as it is until a new "
      "commit "
      "comes, or greenwave sync --force tries again",
      rejected.commit.substr(0, 12), rejected.reason, rejected.stuck);
}

}  // namespace greenwave::sync
