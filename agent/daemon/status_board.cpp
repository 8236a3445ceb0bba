#include "daemon/status_board.h"

#include <algorithm>
#include <utility>

#include "base/version.h"
#include "daemon/wiring.h"

namespace greenwave::daemon {

Status StatusBoard::read() const {
  const Lock lock(mutex_);
  auto status = status_;
  if (status.pause) status.pause = state::standing(*status.pause, clock_);
  return status;
}

void StatusBoard::opened(const config::Config& config, const state::State& state,
                         std::vector<std::string> notes, const sync::Standing& standing) {
  const auto pause = state.pause();
  const auto past = state.history(recent_syncs);
  const Lock lock(mutex_);
  status_.version = program_version;
  status_.device = config.device;
  status_.repository = config.repository.url;
  status_.branch = config.repository.branch;
  status_.phase = "idle";
  status_.notes = std::move(notes);
  status_.pause = pause;
  stand_at(standing);
  if (const auto last = std::ranges::find_if(past, state::is_sync); last != past.end()) {
    status_.last_sync = last->started;
    status_.last_result = last->result;
    status_.last_error = last->error;
  }
}

void StatusBoard::entered(std::string_view phase) {
  const Lock lock(mutex_);
  status_.phase = phase.substr(0, phase.find(' '));
}

void StatusBoard::ended(const sync::Result& result, std::vector<std::string> notes, std::uint64_t received) {
  const Lock lock(mutex_);
  status_.phase = "idle";
  status_.last_sync = result.record.started;
  status_.last_result = result.record.result;
  status_.last_took = result.record.took;
  status_.last_error = result.record.error;
  stand_at(result.standing);
  status_.notes = std::move(notes);
  status_.bytes_last_sync = received;
  status_.bytes_received += received;
}

void StatusBoard::stand_at(const sync::Standing& standing) {
  status_.cluster = standing.cluster;
  status_.followed = standing.followed;
  status_.unreachable_since = standing.unreachable_since;
  status_.commit = standing.commit;
  status_.signer = standing.signer;
  status_.objects = standing.objects;
  status_.in_sync = standing.in_sync;
  status_.drifted = standing.repaired;
  status_.failed = standing.failed;
  status_.problems = standing.problems;
  status_.waiting = standing.waiting;
  status_.waiting_why = standing.waiting_why;
  status_.waiting_until = standing.waiting_until;
  status_.rejected = standing.rejected;
}

void StatusBoard::planned(Time next_sync) {
  const Lock lock(mutex_);
  status_.next_sync = next_sync;
}

void StatusBoard::paused(const std::optional<state::Pause>& pause) {
  const Lock lock(mutex_);
  status_.pause = pause;
}

}  // namespace greenwave::daemon
