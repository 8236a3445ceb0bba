#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "daemon/agent.h"

namespace greenwave::daemon {

/// What one sync was asked for, by one or more.
struct Asked {
  sync::Request request;
  std::vector<std::shared_ptr<Run>> runs;  ///< of those who asked, to be told how it goes
};

/// What the thread that syncs has to do next, in this order.
struct Work {
  bool reload = false;
  std::function<void()> job{};
  std::optional<Asked> sync{};
};

/// Which syncs next() may give: those from the server have to wait while it is being asked.
enum class Give { all, from_bundles };

/// What is asked of the thread that syncs, whoever asks. Thread-safe.
class RequestQueue {
 public:
  /// Queues a sync; see Agent::request_sync.
  std::shared_ptr<Run> ask(const sync::Request& request);
  /// Queues what must not happen during a sync. After close() it is dropped at once.
  void post(std::function<void()> job);
  /// Queues a look at the configuration.
  void reload();
  /// Wakes next(), now and from then on.
  void stop();
  /// stop() sets `flag` too, after stopped(): that of work which may also be ended alone. Replaces the one
  /// before.
  void stops_too(std::shared_ptr<std::atomic<bool>> flag);
  /// Waits for stop(), or until the time is over: false.
  bool stops_within(Duration time);
  const std::atomic<bool>& stopped() const { return stopped_; }

  /// From now until end(), `what` is under way: those whose sync waits are told so, and of its events. What
  /// begins before that is a part of it. Called by the thread that syncs, but for tell(), which the one that
  /// fetches may call.
  void begin(const std::string& what);
  void tell(const sync::Event& event);
  void end();

  /// Waits until there is some work that may be given, `wake` has passed or the queue is stopped.
  Work next(Instant wake, Give give = Give::all);
  /// Nobody takes jobs any more; those that wait are dropped.
  void close();

 private:
  Mutex mutex_;
  Condition arrived_;
  std::atomic<bool> stopped_ = false;
  std::deque<Asked> syncs_ GUARDED_BY(mutex_);
  std::deque<std::function<void()>> jobs_ GUARDED_BY(mutex_);
  bool reload_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;
  std::shared_ptr<std::atomic<bool>> stopped_too_ GUARDED_BY(mutex_);
  int parts_ GUARDED_BY(mutex_) = 0;                       ///< of what is under way, one in the other
  std::vector<sync::Event> under_way_ GUARDED_BY(mutex_);  ///< for who asks now: what it is, and its phase
};

/// Something under way, for its scope.
class UnderWay {
 public:
  UnderWay(RequestQueue& queue, const std::string& what) : queue_(queue) { queue_.begin(what); }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() { queue_.end(); }

 private:
  RequestQueue& queue_;
};

}  // namespace greenwave::daemon
