#include "daemon/situation.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::daemon {

namespace {

using sync::FailedObject;

bool lasts(const FailedObject& one) {
  return !passes(one.fault);
}

std::size_t failed_for_good(const Status& status) {
  return static_cast<std::size_t>(std::ranges::count_if(
      status.failed, [](const FailedObject& one) { return lasts(one) && !one.refused; }));
}

std::size_t refused_objects(const Status& status) {
  return static_cast<std::size_t>(std::ranges::count_if(
      status.failed, [](const FailedObject& one) { return lasts(one) && one.refused; }));
}

std::size_t retried(const Status& status) {
  return status.failed.size() - failed_for_good(status) - refused_objects(status);
}

/// What an object that is refused or new is not counted in.
std::size_t all_objects(const Status& status) {
  return std::max(status.objects, status.in_sync + status.failed.size());
}

std::string of_all(std::size_t count, const Status& status) {
  return fmt::format("{} of {}", count, count_of(all_objects(status), "object"));
}

bool has_errors(const Status& status) {
  const bool unexplained = status.last_result == state::SyncResult::failed && status.failed.empty();
  return status.errors > 0 || refused_objects(status) > 0 || unexplained;
}

bool is_unlisted(const Status& status) {
  return status.last_result == state::SyncResult::unlisted;
}

bool has_stopped(const Status& status) {
  return !status.last_error.empty() && !status.unreachable_since;
}

/// How much of the ref's commit was refused, so that nothing of it was applied; 0: it was begun.
std::size_t refused_of_newest(const Status& status) {
  if (status.rejected) return status.rejected->refused;
  return status.trial ? status.trial->refused : 0;
}

bool is_turned_back(const Status& status) {
  return status.rejected || (status.trial && status.trial->reverting);
}

struct Row {
  Situation situation;
  std::string_view word;
  int exit_code;
  Health health;
  bool (*holds)(const Status& status);
};

constexpr std::array rows{
    Row{Situation::not_running, "not running", 2, Health::healthy,
        [](const Status& status) { return !status.running; }},
    Row{Situation::reverted, "reverted", 1, Health::reverted,
        [](const Status& status) { return is_turned_back(status) && refused_of_newest(status) == 0; }},
    Row{Situation::unlisted, "not in inventory", 1, Health::failed,
        [](const Status& status) { return has_stopped(status) && is_unlisted(status); }},
    Row{Situation::error, "error", 1, Health::failed,
        [](const Status& status) { return has_stopped(status) && !is_unlisted(status); }},
    Row{Situation::failed, "failed", 1, Health::failed,
        [](const Status& status) { return failed_for_good(status) > 0; }},
    Row{Situation::refused, "refused", 1, Health::failed,
        [](const Status& status) { return refused_of_newest(status) > 0 || has_errors(status); }},
    Row{Situation::unhealthy, "unhealthy", 1, Health::failed,
        [](const Status& status) { return status.trial && !status.trial->unwell.empty(); }},
    Row{Situation::incomplete, "incomplete", 1, Health::progressing,
        [](const Status& status) { return !status.commit && status.objects > 0; }},
    Row{Situation::retrying, "retrying", 1, Health::progressing,
        [](const Status& status) { return retried(status) > 0; }},
    Row{Situation::offline, "offline", 1, Health::healthy,
        [](const Status& status) { return status.unreachable_since.has_value(); }},
    Row{Situation::stale, "stale", 1, Health::healthy,
        [](const Status& status) { return status.stale && !status.pause; }},
    Row{Situation::tip_expired, "tip expired", 1, Health::healthy,
        [](const Status& status) { return status.followed.tip && status.followed.tip->is_expired; }},
    Row{Situation::state_lost, "state lost", 1, Health::healthy,
        [](const Status& status) { return status.loss.has_value(); }},
    Row{Situation::empty, "empty", 1, Health::progressing,
        [](const Status& status) { return !status.commit && status.objects == 0; }},
    Row{Situation::renewing, "renewing", 0, Health::progressing,
        [](const Status& status) { return status.trial && status.trial->own_change; }},
    Row{Situation::on_trial, "on trial", 0, Health::progressing,
        [](const Status& status) {
          const auto& trial = status.trial;
          return trial && !trial->own_change && !trial->reverting && trial->unwell.empty();
        }},
    Row{Situation::waiting, "waiting", 0, Health::progressing,
        [](const Status& status) {
          return !status.waiting.empty() || status.last_result == state::SyncResult::waiting;
        }},
    Row{Situation::held, "held", 0, Health::healthy,
        [](const Status& status) { return status.followed.is_held; }},
    Row{Situation::paused, "paused", 0, Health::healthy,
        [](const Status& status) { return status.pause.has_value(); }},
};

constexpr std::string_view in_sync_word = "in sync";

const Row* row_of(Situation situation) {
  const auto* const row = std::ranges::find(rows, situation, &Row::situation);
  return row == rows.end() ? nullptr : row;
}

std::string of_failed(const Status& status) {
  return of_all(failed_for_good(status), status) + " failed";
}

std::string of_refused(const Status& status) {
  if (const auto parts = refused_of_newest(status); parts > 0) {
    const auto& commit = status.rejected ? status.rejected->commit : status.trial->commit;
    return fmt::format("Commit {} was refused for {}, and nothing of it was applied", commit.shortened(),
                       count_of(parts, "object"));
  }
  const auto refused = refused_objects(status);
  if (refused > 0) {
    return fmt::format("{} {} refused and {} as before", of_all(refused, status),
                       refused == 1 ? "was" : "were", refused == 1 ? "is" : "are");
  }
  if (status.errors == 0) return "Parts of the commit were refused";
  return fmt::format("Parts of the commit were refused: {} in the repository",
                     count_of(status.errors, "error"));
}

std::string of_reverted(const Status& status) {
  if (!status.rejected)
    return fmt::format("Commit {} was not healthy here and is being reverted",
                       status.trial->commit.shortened());
  return fmt::format(
      "Commit {} was not healthy here {}", status.rejected->commit.shortened(),
      status.rejected->stuck.empty() ? "and was reverted" : "and could not be reverted completely");
}

std::string of_retried(const Status& status) {
  const auto count = retried(status);
  return fmt::format("{} could not be applied and {} tried again", of_all(count, status),
                     count == 1 ? "is" : "are");
}

}  // namespace

std::string_view to_string(Situation situation) {
  const auto* const row = row_of(situation);
  return row == nullptr ? in_sync_word : row->word;
}

int exit_code_of(Situation situation) {
  const auto* const row = row_of(situation);
  return row == nullptr ? 0 : row->exit_code;
}

Health health_of(Situation situation) {
  const auto* const row = row_of(situation);
  return row == nullptr ? Health::healthy : row->health;
}

std::string_view to_string(Health health) {
  constexpr std::array<std::string_view, 4> words{"healthy", "progressing", "failed", "reverted"};
  return words.at(static_cast<std::size_t>(health));
}

std::vector<Situation> every_situation() {
  std::vector<Situation> all;
  for (const auto& row : rows) all.push_back(row.situation);
  all.push_back(Situation::in_sync);
  return all;
}

Judgement judge(const Status& status) {
  Judgement judgement;
  for (const auto& row : rows) {
    if (!row.holds(status)) continue;
    judgement.situations.push_back(row.situation);
    judgement.exit_code = std::max(judgement.exit_code, row.exit_code);
    judgement.health = std::max(judgement.health, row.health);
  }
  if (judgement.situations.empty()) judgement.situations.push_back(Situation::in_sync);
  return judgement;
}

Judgement judge_sync(Status status, const state::SyncRecord& record) {
  status.last_error = record.error;
  status.unreachable_since.reset();
  status.stale = false;
  status.loss.reset();
  status.pause.reset();
  return judge(status);
}

std::string sentence(Situation situation, const Status& status) {
  switch (situation) {
    case Situation::not_running:
      return "greenwaved is not running; this is its last saved state";
    case Situation::reverted:
      return of_reverted(status);
    case Situation::unlisted:
      return "This device is not in the inventory of its repository";
    case Situation::error:
      return "The last sync failed";
    case Situation::failed:
      return of_failed(status);
    case Situation::refused:
      return of_refused(status);
    case Situation::unhealthy:
      return fmt::format("Commit {} is not healthy here, and there is no earlier one to go back to",
                         status.trial->commit.shortened());
    case Situation::incomplete:
      return fmt::format("No commit is applied completely yet: {} in place", of_all(status.in_sync, status));
    case Situation::retrying:
      return of_retried(status);
    case Situation::offline:
      return "The repository cannot be reached; the device keeps what it has";
    case Situation::stale:
      return fmt::format("The repository was not reached for longer than three intervals of {}",
                         to_words(status.interval));
    case Situation::tip_expired: {
      const auto& tip = status.followed.tip->tip;
      return fmt::format("The signed tip of {} expired at {}: newer commits may be held back",
                         printable(tip.ref), to_iso(tip.expires));
    }
    case Situation::state_lost:
      return "The state file was damaged and begun again";
    case Situation::empty:
      return "Nothing has been applied yet";
    case Situation::renewing:
      return fmt::format("Commit {} changes the agent itself: its next start decides",
                         status.trial->commit.shortened());
    case Situation::on_trial:
      return fmt::format("Commit {} is on trial", status.trial->commit.shortened());
    case Situation::waiting:
      if (status.waiting.empty()) return "Some steps wait";
      return fmt::format("{} {}", count_of(status.waiting.size(), "step"),
                         status.waiting.size() == 1 ? "waits" : "wait");
    case Situation::held:
      return "Held at its commit until the ref of its wave catches up";
    case Situation::paused:
      return "Paused";
    case Situation::in_sync:
      return "In sync";
  }
  return "";
}

}  // namespace greenwave::daemon
