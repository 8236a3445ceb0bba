#include "drivers/host/unit_health.h"

#include <ctime>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/host/unit_state.h"

namespace greenwave::drivers::host {

namespace {

/// That many in a row are not a coincidence.
constexpr std::uint32_t many_restarts = 3;

/// The clock of systemd's …TimestampMonotonic.
std::chrono::microseconds monotonic_now() {
  struct timespec now {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec) +
         std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace

Health UnitHealth::of(const UnitRecord& record) {
  const auto state = jobs_.states().of(record.unit);
  if (state.load == "not-found") return {Health::State::waiting, "there is no such unit"};
  if (state.active == "failed") {
    auto how = record.unit.ends_with(".service") ? to_words(systemd_.last_run(state.path)) : "";
    return {Health::State::bad, how.empty() ? "it failed" : "it failed: " + how};
  }
  if (jobs_.is_done(state, record)) return {};
  const auto life = systemd_.life(state.path, record.unit);
  const bool loops = life.restarts >= many_restarts;
  if (state.active != "active") {
    Health health{Health::State::waiting, fmt::format("it is {} ({})", state.active, state.sub)};
    // systemd itself ends a start that takes too long.
    health.busy = state.active == "activating" && !state.sub.starts_with("auto-restart");
    health.loops = loops;
    return health;
  }
  const auto up = std::chrono::duration_cast<Duration>(monotonic_now() - life.active_since);
  const auto needed = life.restarts == 0 ? settle_ : 6 * settle_;
  if (up >= needed) return {};
  const auto restarted =
      life.restarts == 0 ? "" : fmt::format(", and systemd has restarted it {} times", life.restarts);
  Health health{Health::State::waiting,
                fmt::format("it has been up for {} only{}", greenwave::to_words(up), restarted)};
  health.loops = loops;
  return health;
}

std::vector<Health> UnitHealth::of(const std::vector<UnitRecord>& records) {
  std::vector<Health> found;
  jobs_.states().forget();
  for (const auto& record : records) {
    try {
      found.push_back(of(record));
    } catch (const Error& error) {
      found.push_back({Health::State::waiting, error.message(), error.fault()});
    }
  }
  systemd_.hang_up();
  return found;
}

}  // namespace greenwave::drivers::host
