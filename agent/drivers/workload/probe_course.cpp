#include "drivers/workload/probe_course.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace greenwave::drivers::workload {

namespace {

using Kind = ProbeCourse::Kind;

constexpr std::array<std::pair<Kind, const char*>, 3> in_order{
    {{Kind::startup, "startup"}, {Kind::liveness, "liveness"}, {Kind::readiness, "readiness"}}};

}  // namespace

ProbeCourse::ProbeCourse(Probes probes, Instant started) : probes_(std::move(probes)), started_(started) {
  if (probes_.startup) {
    startup_.next = started + probes_.startup->delay;
  } else {
    startup_.good = true;
    begin_the_rest(started);
  }
}

void ProbeCourse::begin_the_rest(Instant now) {
  if (probes_.liveness) liveness_.next = std::max(now, started_ + probes_.liveness->delay);
  if (probes_.readiness) readiness_.next = std::max(now, started_ + probes_.readiness->delay);
}

ProbeCourse::Track& ProbeCourse::track(Kind kind) {
  return kind == Kind::startup ? startup_ : kind == Kind::liveness ? liveness_ : readiness_;
}

const Probe& ProbeCourse::probe(Kind kind) const {
  return *(kind == Kind::startup    ? probes_.startup
           : kind == Kind::liveness ? probes_.liveness
                                    : probes_.readiness);
}

bool ProbeCourse::is_asked(Kind kind) const {
  return (kind == Kind::startup    ? probes_.startup
          : kind == Kind::liveness ? probes_.liveness
                                   : probes_.readiness)
      .has_value();
}

Instant ProbeCourse::next() const {
  return std::min({startup_.next, liveness_.next, readiness_.next});
}

Kind ProbeCourse::due() const {
  const auto first = next();
  if (startup_.next == first) return Kind::startup;
  return liveness_.next == first ? Kind::liveness : Kind::readiness;
}

bool ProbeCourse::note(Kind kind, const std::optional<std::string>& failure, Instant now) {
  auto& at = track(kind);
  const auto& asked = probe(kind);
  at.next = now + asked.period;
  at.reason = failure.value_or("");
  if (failure) {
    at.passed = 0;
    if (++at.failed < asked.failures) return false;
    at.good = false;
    return kind != Kind::readiness;
  }
  at.failed = 0;
  if (++at.passed < asked.successes) return false;
  at.good = true;
  if (kind == Kind::startup) {
    at.next = Instant::max();
    begin_the_rest(now);
  }
  return false;
}

void ProbeCourse::postpone(Kind kind, Instant now) {
  track(kind).next = now + probe(kind).period;
}

std::optional<std::string> ProbeCourse::unready() const {
  for (const auto& [kind, name] : in_order) {
    if (!is_asked(kind) || track(kind).good) continue;
    const auto& reason = track(kind).reason;
    if (reason.empty()) return fmt::format("waits for its {} probe", name);
    return fmt::format("fails its {} probe: {}", name, reason);
  }
  return {};
}

}  // namespace greenwave::drivers::workload
