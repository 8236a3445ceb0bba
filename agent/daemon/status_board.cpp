#include "daemon/status_board.h"

#include <utility>

#include "base/version.h"

namespace greenwave::daemon {

Status StatusBoard::read() const {
  const Lock lock(mutex_);
  auto status = status_;
  if (!remark_.empty()) status.notes.push_back(remark_);
  if (status.pause) status.pause = state::standing(*status.pause, clock_);
  // By a clock that nobody sets: a device may start in 1970.
  const auto ago = std::chrono::duration_cast<Duration>(clock_.tick() - heard_);
  if (has_heard_) status.last_poll = clock_.now() - ago;
  status.stale = status.interval > Duration::zero() && ago > 3 * status.interval;
  return status;
}

void StatusBoard::opened(const config::Config& config, const state::State& state,
                         std::vector<std::string> notes, const sync::Standing& standing) {
  const auto pause = state.pause();
  const Lock lock(mutex_);
  status_.version = program_version;
  status_.device = config.device;
  status_.repository = config.repository.url;
  status_.branch = config.repository.branch;
  status_.checks_commits = config.checks_commits();
  status_.phase = "idle";
  status_.notes = std::move(notes);
  status_.pause = pause;
  stand_at(status_, standing);
  status_.interval = config.repository.interval;
  status_.last_error.clear();
  recall_last_sync(status_, state);
}

void StatusBoard::entered(std::string_view phase) {
  const Lock lock(mutex_);
  const bool answered = status_.phase == "polling" && phase.starts_with("fetching");
  if (answered) hear();
  status_.phase = phase.substr(0, phase.find(' '));
}

void StatusBoard::ended(const sync::Result& result, std::vector<std::string> notes, std::uint64_t received) {
  const Lock lock(mutex_);
  if (result.reached) hear();
  status_.phase = "idle";
  status_.last_sync = result.record.started;
  status_.last_result = result.record.result;
  status_.last_took = result.record.took;
  status_.last_error = result.record.error;
  stand_at(status_, result.standing);
  status_.notes = std::move(notes);
  status_.bytes_last_sync = received;
  status_.bytes_received += received;
}

void StatusBoard::hear() {
  heard_ = clock_.tick();
  has_heard_ = true;
}

void StatusBoard::planned(Time next_sync) {
  const Lock lock(mutex_);
  status_.next_sync = next_sync;
}

void StatusBoard::remark(std::string text) {
  const Lock lock(mutex_);
  remark_ = std::move(text);
}

void StatusBoard::paused(const std::optional<state::Pause>& pause) {
  const Lock lock(mutex_);
  status_.pause = pause;
}

}  // namespace greenwave::daemon
