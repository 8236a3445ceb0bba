#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "drivers/podman/start_course.h"
#include "drivers/podman/stops.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::podman {

/// Starts pods with init containers, in a thread that exists only when there are any: one may wait for hours
/// for something, in which the device must take commits and repair its drift. Any thread.
class Starts {
 public:
  /// How a start is at the moment.
  struct State {
    std::string why;        ///< it is not up yet, in words
    bool lost = false;      ///< and will not be
    unsigned failures = 0;  ///< in a row
  };

  /// `rules` and `stops` outlive this. `stop` ends a wait, during which `while_waiting` is called.
  Starts(const workload::Rules& rules, std::filesystem::path socket, Stops& stops,
         const std::atomic<bool>& stop, std::function<void()> while_waiting);
  ~Starts();
  Starts(const Starts&) = delete;
  Starts& operator=(const Starts&) = delete;

  /// Starts a pod, unless that was begun; returns whether it was not. When it is up, `old` pods end and are
  /// removed.
  bool begin(const std::string& pod, const std::vector<std::string>& old);
  /// Waits until it is up, or `patience` is over.
  void wait(const std::string& pod, Duration patience);
  /// Why a pod that was begun is not up; nothing when it is, or was not begun.
  std::optional<State> state(const std::string& pod) const;
  /// Leaves the pod to the caller.
  void forget(const std::string& pod);

 private:
  struct Start {
    StartCourse course;
    std::vector<std::string> old;
    State state{"it has not been started yet"};
    bool prepared = false;
    bool is_up = false;
  };

  void run();
  bool round(Service& service) REQUIRES(mutex_);
  bool advance(Service& service, const std::string& pod, const std::vector<Container>& containers)
      REQUIRES(mutex_);
  bool launch(Service& service, const std::string& pod, const std::vector<Container>& containers,
              const std::vector<std::string>& ids) REQUIRES(mutex_);
  bool retire(Service& service, const std::vector<std::string>& old_ones,
              const std::map<std::string, std::vector<Container>>& pods) REQUIRES(mutex_);

  const workload::Rules& rules_;
  const std::filesystem::path socket_;
  Stops& stops_;
  const std::atomic<bool>& stop_;
  const std::function<void()> while_waiting_;
  std::atomic<bool> end_ = false;
  mutable Mutex mutex_;
  Condition wake_;
  std::map<std::string, Start> starts_ GUARDED_BY(mutex_);  ///< by the pod's name
  std::string busy_with_ GUARDED_BY(mutex_);                ///< the pod that podman is asked about
  std::thread thread_;
};

/// The same at once, for a program that has nothing else to do. Throws Error when the pod does not come up,
/// or (transient) when `stop` was set.
void start_in_turn(Service& service, const workload::Rules& rules, const std::string& pod,
                   const std::atomic<bool>& stop);

}  // namespace greenwave::drivers::podman
