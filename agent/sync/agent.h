#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "base/mutex.h"
#include "git/bundle.h"
#include "sync/status.h"

namespace greenwave::sync {

struct Request {
  bool force = false;        ///< trust no recorded signature: re-read and re-apply everything
  bool allow_empty = false;  ///< an empty render may remove everything
  std::string who{};         ///< empty: the agent itself
  bool now = false;          ///< whatever the windows say
  std::string reason{};      ///< for the history: why now
  bool poll = true;          ///< false: goes on with the commit that came last
  std::shared_ptr<const git::BundleFile> bundle{};  ///< set: the commit comes from it, not from the server
};

/// A line of a sync's progress, for people and as an event.
struct Event {
  std::string kind;      ///< "phase", "step", "problem", "done"
  std::string text;      ///< "update File/chrony", "polling https://…"
  std::string object{};  ///< for steps
  bool ok = true;
  /// For "done": 0 all in sync, 1 some objects failed or were refused, 2 the sync could not be done.
  int exit_code = 0;
  std::string commit{};  ///< for steps: the one that is being applied
};

/// A sync under way, followed by one reader. Thread-safe.
class Run {
 public:
  /// The next event, or nothing when `timeout` passed without one. After "done" nothing more comes.
  std::optional<Event> next(Duration timeout);
  void add(Event event);

 private:
  Mutex mutex_;
  Condition arrived_;
  std::deque<Event> events_ GUARDED_BY(mutex_);
};

/// What the control API may ask of the running agent. Every call is thread-safe and answers at once, but for
/// diff(), which takes as long as a poll and a render.
class Agent {
 public:
  virtual ~Agent() = default;

  virtual Status status() const = 0;
  /// Newest first.
  virtual std::vector<state::SyncRecord> history(std::size_t most) const = 0;
  /// Entries that `text` may mean (model's `matches`; empty: all), as JSON: object, state, commit, digest,
  /// files, record, error, and its last actions in the history.
  virtual nlohmann::json objects(const std::string& text) const = 0;
  /// Queues a sync; it joins one that waits already, but for one from a bundle, of which one may wait: throws
  /// Error (conflict) when there is one.
  virtual std::shared_ptr<Run> request_sync(const Request& request) = 0;
  /// What a sync would change: {"commit":…, "changes":[{"verb":…,"object":…,"diff":…}], "problems":[…]}.
  /// Throws Error.
  virtual nlohmann::json diff() = 0;
  virtual void pause(Duration duration, const std::string& who, const std::string& reason) = 0;
  virtual void resume(const std::string& who) = 0;
};

}  // namespace greenwave::sync
