#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "base/clock.h"
#include "git/hold.h"
#include "sync/sync.h"

namespace greenwave::daemon {

/// How often a device polls, and which moment of the interval is its own.
struct Pace {
  std::string device;
  Duration interval{};
};

/// When to do what without being asked. At the device's moment of each interval the server is polled, later
/// after failures of the server, and the device is repaired, whether there is an answer of the server or not.
/// What waits goes on when it may. One thread.
class Timetable {
 public:
  explicit Timetable(const Clock& clock, std::uint64_t seed = std::random_device{}())
      : clock_(clock), generator_(seed) {}

  /// Polls at once.
  void start(const Pace& pace);
  /// Polls at the device's next moment, without a sync before it.
  void pass(const Pace& pace);
  /// The server is being asked: not again until that has ended. After half an interval the device is repaired
  /// meanwhile.
  void asked(const Pace& pace);
  /// A sync without a poll ended, or was left out.
  void repaired(const Pace& pace);
  /// A sync ended. `retry_after`: what the server asked for, or zero.
  void ended(const sync::Result& result, const Pace& pace, Duration retry_after);
  /// What waits may go on when the standing says; it has nothing to do with the next poll.
  void goes_on(const sync::Standing& standing);
  /// Has another look at what waits soon: a pause holds it.
  void look_again();

  /// Polls at a moment within `most`, unless it polls earlier anyway: a server that comes back is not asked
  /// by all at once.
  void poll_within(Duration most);
  void poll_now() { poll_in(Duration::zero()); }

  /// For how long the server may hold a question now, so that a late answer is in time for what is due;
  /// nothing: that is not worth it, or the server is being asked.
  std::optional<Duration> time_to_hold() const;
  /// How that ended. One that was lost is made up for by a poll within a minute.
  void held(git::Held held, const Pace& pace);

  bool is_poll_due() const;
  bool is_repair_due() const;
  bool has_opened() const;
  /// Whether that is for a window, not for another try.
  bool has_window() const;
  /// When to ask again, at most 30 s away.
  Instant wake() const;
  /// Until something must be done; nothing while the server is being asked.
  std::optional<Duration> idle() const;
  /// Of the next poll, or of the next repair while the server is being asked, by the wall clock as it stands
  /// now.
  Time next_sync() const;

 private:
  Duration before_opening(Duration wait) const;
  void poll_in(Duration wait);
  void repair_in(Duration wait);
  /// To the device's next moment.
  Duration regular_wait(const Pace& pace);
  double random();

  const Clock& clock_;
  std::mt19937_64 generator_;
  std::optional<Instant> poll_{};  ///< none while the server is being asked
  Instant repair_ = Instant::max();
  std::optional<Time> opening_{};
  std::optional<Time> window_{};
  unsigned failures_ = 0;  ///< of the server, in a row
};

}  // namespace greenwave::daemon
