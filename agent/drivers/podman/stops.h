#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "drivers/podman/service.h"

namespace greenwave::drivers::podman {

/// Pods that are told to end, each in a thread of its own: one may have hours for that, in which the device
/// must take commits and repair its drift. Any thread.
class Stops {
 public:
  /// `patience` is how long all calls of one pass wait together; none: as long as it takes. `stop` ends a
  /// wait, during which `while_waiting` is called.
  Stops(std::filesystem::path socket, std::optional<Duration> patience, const std::atomic<bool>& stop,
        std::function<void()> while_waiting);
  /// Ends the waits for podman; what it was told goes on.
  ~Stops();
  Stops(const Stops&) = delete;
  Stops& operator=(const Stops&) = delete;

  void begin_pass();

  /// Tells the pod to end, unless that was done. `pod` are its containers, one at least.
  void begin(const std::vector<Container>& pod);
  /// Whether it is still on its way, and was told to.
  bool is_under_way(const std::string& pod);

  /// begin() for each, and waits until all have ended. Throws Error: podman's, and transient where one has
  /// not ended yet.
  void stop(const std::vector<std::vector<Container>>& pods);

 private:
  struct Order {
    std::string pod;
    Instant began{};
    std::chrono::seconds grace{};
    bool ended = false;
    std::optional<Error> error;
    std::thread thread;
  };

  void run(Order& order, const std::vector<Container>& pod);
  Order* find(const std::string& pod) REQUIRES(mutex_);
  void begin_locked(const std::vector<Container>& pod) REQUIRES(mutex_);
  void wait_for(const std::string& pod);
  bool may_wait() REQUIRES(mutex_);

  const std::filesystem::path socket_;
  const std::optional<Duration> patience_;
  const std::atomic<bool>& stop_;
  const std::function<void()> while_waiting_;
  std::atomic<bool> end_ = false;
  Mutex mutex_;
  std::optional<Instant> waits_until_ GUARDED_BY(mutex_);
  Condition ended_;
  std::list<Order> orders_ GUARDED_BY(mutex_);
};

}  // namespace greenwave::drivers::podman
