#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "base/mutex.h"
#include "daemon/status.h"
#include "sync/request.h"

namespace greenwave::daemon {

/// A sync under way, followed by one reader. Thread-safe.
class Run {
 public:
  /// The next event, or nothing when `timeout` passed without one. After "done" nothing more comes.
  std::optional<sync::Event> next(Duration timeout);
  void add(sync::Event event);

 private:
  Mutex mutex_;
  Condition arrived_;
  std::deque<sync::Event> events_ GUARDED_BY(mutex_);
};

/// What the control API may ask of the running agent. Every call is thread-safe and answers at once, but for
/// diff(), which takes as long as a poll and a render.
class Agent {
 public:
  virtual ~Agent() = default;

  virtual Status status() const = 0;
  /// How far a fetch is, if one is under way: cheaper than all of status().
  virtual std::optional<git::Fetching> fetching() const = 0;
  /// Newest first.
  virtual std::vector<state::SyncRecord> history(std::size_t most) const = 0;
  /// Lines of evidence above a number, oldest first.
  virtual std::vector<nlohmann::json> evidence(std::int64_t above, std::size_t most) const = 0;
  /// Entries that `text` may mean (model's `matches`; empty: all), as JSON: object, state, commit, digest,
  /// files, record, error, and its last actions in the history.
  virtual nlohmann::json objects(const std::string& text) const = 0;
  /// Queues a sync; it joins one that waits already, but for one from a bundle, of which one may wait: throws
  /// Error (conflict) when there is one. While it waits, its run is told of what it waits for, with events
  /// that are `earlier`.
  virtual std::shared_ptr<Run> request_sync(const sync::Request& request) = 0;
  /// What a sync would change: {"commit":…, "changes":[{"verb":…,"object":…,"diff":…}], "problems":[…]}.
  /// Throws Error.
  virtual nlohmann::json diff() = 0;
  virtual void pause(Duration duration, const std::string& who, const std::string& reason) = 0;
  virtual void resume(const std::string& who) = 0;
};

}  // namespace greenwave::daemon
