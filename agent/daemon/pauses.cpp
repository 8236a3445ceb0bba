#include "daemon/pauses.h"

#include <fmt/format.h>

#include "base/error.h"

namespace greenwave::daemon {

void Pauses::begin(Duration duration, const std::string& who, const std::string& reason) {
  if (duration <= Duration::zero() || duration > state::longest_pause) {
    throw Error(Fault::invalid, "a pause lasts from 1s to 7d", "write --for 2h, for example");
  }
  const auto pause = state::pause_for(duration, who, reason, clock_);
  {
    const Lock lock(mutex_);
    state_.get()->set_pause(pause);
  }
  record(state::Trigger::pause, who, fmt::format("for {}: {}", to_words(duration), reason));
}

void Pauses::end(const std::string& who) {
  {
    const Lock lock(mutex_);
    const auto state = state_.get();
    if (!state->pause()) throw Error(Fault::conflict, "the agent is not paused");
    state->set_pause({});
  }
  record(state::Trigger::resume, who, "");
}

std::optional<state::Pause> Pauses::standing() {
  try {
    {
      const Lock lock(mutex_);
      const auto state = state_.get();
      const auto pause = state->pause();
      if (!pause) return {};
      if (auto now = state::standing(*pause, clock_)) return now;
      state->set_pause({});
    }
    record(state::Trigger::resume, "", "the pause ended by itself");
  } catch (const Error& error) {
    if (error.fault() != Fault::transient) throw;
    log_.error(error.what());  // a full disk makes no pause longer
  }
  return {};
}

void Pauses::record(state::Trigger trigger, const std::string& who, const std::string& reason) {
  const auto state = state_.get();
  {
    const Lock lock(mutex_);  // else what is told last may be older than what stands
    changed_(state->pause());
  }
  state::SyncRecord record;
  record.started = clock_.now();
  record.trigger = trigger;
  record.who = who;
  record.result = trigger == state::Trigger::pause ? state::SyncResult::paused : state::SyncResult::resumed;
  record.error = reason;
  state->record(record, clock_.now());
  log_.info(fmt::format("{} {}{}", to_string(record.result), who.empty() ? "" : "by " + who,
                        reason.empty() ? "" : ": " + reason));
}

}  // namespace greenwave::daemon
