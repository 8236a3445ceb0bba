#include "drivers/host/unit_health.h"

#include <ctime>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/host/unit_state.h"

namespace greenwave::drivers::host {

namespace {

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
  if (state.active != "active") {
    return {Health::State::waiting, fmt::format("it is {} ({})", state.active, state.sub)};
  }
  const auto life = systemd_.life(state.path, record.unit);
  const auto up = std::chrono::duration_cast<Duration>(monotonic_now() - life.active_since);
  const auto needed = life.restarts == 0 ? settle_ : 6 * settle_;
  if (up >= needed) return {};
  const auto restarted =
      life.restarts == 0 ? "" : fmt::format(", and systemd has restarted it {} times", life.restarts);
  return {Health::State::waiting,
          fmt::format("it has been up for {} only{}", greenwave::to_words(up), restarted)};
}

std::vector<Health> UnitHealth::of(const std::vector<UnitRecord>& records) {
  std::vector<Health> found;
  jobs_.states().forget();
  for (const auto& record : records) {
    try {
      found.push_back(of(record));
    } catch (const Error& error) {
      found.push_back({Health::State::waiting, error.message()});
    }
  }
  systemd_.hang_up();
  return found;
}

}  // namespace greenwave::drivers::host
