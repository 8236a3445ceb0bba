#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "drivers/workload/probe.h"

namespace greenwave::drivers::workload {

/// What is known of one life of a container from its probes, and what is to be asked next. Pure.
class ProbeCourse {
 public:
  enum class Kind { startup, liveness, readiness };

  ProbeCourse(Probes probes, Instant started);

  /// When to ask next; the end of time when never.
  Instant next() const;
  /// What to ask then.
  Kind due() const;
  const Probe& probe(Kind kind) const;

  /// What came of it at `now`: nothing when it passed, else why not. True when the container must be
  /// restarted.
  bool note(Kind kind, const std::optional<std::string>& failure, Instant now);
  /// There was no answer either way.
  void postpone(Kind kind, Instant now);

  /// Why the container is unhealthy; nothing when each probe has passed.
  std::optional<std::string> unready() const;

 private:
  struct Track {
    Instant next = Instant::max();
    int passed = 0;  ///< in a row, up to now
    int failed = 0;
    bool good = false;  ///< thresholds heeded
    std::string reason;
  };
  Track& track(Kind kind);
  const Track& track(Kind kind) const { return const_cast<ProbeCourse*>(this)->track(kind); }
  bool is_asked(Kind kind) const;
  void begin_the_rest(Instant now);

  Probes probes_;
  Instant started_;
  Track startup_;
  Track liveness_;
  Track readiness_;
};

}  // namespace greenwave::drivers::workload
