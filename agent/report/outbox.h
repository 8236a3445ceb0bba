#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "report/acknowledged.h"
#include "report/report.h"
#include "state/state.h"

namespace greenwave::report {

/// A device at one moment.
struct Snapshot {
  std::string device;
  Time now{};
  nlohmann::json state;  ///< see state_of
};

/// A report to send.
struct Parcel {
  std::string body;
  std::string fingerprint;  ///< of the state in it; empty: it has none
  std::int64_t oldest = 0;  ///< of the records in it, by their numbers
  std::int64_t newest = 0;  ///< zero: it has none
  std::size_t records = 0;
};

/// What the hub still lacks. It is no second store: the records are those of the history that the hub has not
/// acknowledged, and what is written is the number up to which it has, and the boot. The newest state goes
/// first; the history follows, newest first, as far as its own bounds have kept it. One thread. Every call
/// may throw what State throws.
class Outbox {
 public:
  /// Works on with this state, which the caller holds during each later call. The first call, and one with
  /// another state, writes the boot: once a start, and durably, since a boot that is used twice would make
  /// the hub ignore the second one's reports.
  void open(const std::shared_ptr<state::State>& state, Time now);

  /// The next report; nothing: the hub has all, and no `heartbeat` is due. The same one again while there was
  /// no answer and nothing has changed.
  std::optional<Parcel> next(const Snapshot& snapshot, bool heartbeat);

  /// What came of the last one. A hub that `wants_state` has none.
  void acknowledged(bool wants_state);
  /// The hub will never take it. What made it so is found by smaller ones, and left out.
  void refused();
  /// The hub knows a later boot of this device, whose state was lost.
  void known_boot(std::int64_t boot);
  /// It is another hub now, which has no state; the history goes on where it was.
  void begin_again();

 private:
  struct Batch {
    nlohmann::json records = nlohmann::json::array();
    std::int64_t oldest = 0, newest = 0;
  };
  Batch unsent(std::size_t room);
  void keep_watermark();
  void set_boot(std::int64_t boot);

  std::weak_ptr<state::State> state_;  ///< not held: its file can be opened once at a time
  std::int64_t boot_ = 0;
  std::int64_t sequence_ = 0;
  std::string acknowledged_state_;  ///< its fingerprint; empty: none in this boot
  Acknowledged has_;
  std::int64_t kept_watermark_ = 0;
  std::optional<Parcel> unanswered_;
  std::size_t batch_ = most_listed;  ///< records in a report, at most
  bool state_goes_alone_ = false;
};

}  // namespace greenwave::report
