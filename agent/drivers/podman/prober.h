#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "drivers/podman/service.h"
#include "drivers/workload/probe_course.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::podman {

/// The probes' last results. Any thread.
class ProbeBoard {
 public:
  /// Why containers are not ready, by id. Those that have no probes, or pass them all, are left out.
  std::map<std::string, std::string> unready() const;
  /// Whether a container is being restarted because its probe failed.
  bool restarts(const std::string& id) const;

 private:
  friend class Prober;
  mutable Mutex mutex_;
  std::map<std::string, std::string> unready_ GUARDED_BY(mutex_);
  std::set<std::string> restarting_ GUARDED_BY(mutex_);
};

/// Runs the probes of running containers one after another, in a thread that exists only if there are any.
/// Restarts containers that fail, or stops them if their restartPolicy is Never. `tell` is called in that
/// thread.
class Prober {
 public:
  /// `rules` outlive this.
  Prober(const workload::Rules& rules, std::filesystem::path socket,
         std::function<void(std::string_view)> tell);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  /// Takes all containers as they are now. The probes of those that still run continue.
  void watch(const std::vector<Container>& containers);

  /// The pods with containers that were restarted since the last call.
  std::set<std::string> take_restarted();

  std::shared_ptr<const ProbeBoard> board() const { return board_; }

 private:
  struct Target {
    Container container;
    workload::ProbeCourse course;
    std::string address;  ///< of its pod; empty: not known yet
    /// Commands in it that did not end in time.
    std::map<workload::ProbeCourse::Kind, std::string> sessions;
  };
  struct ProbeResult {
    bool known = true;  ///< false: the probe could not run
    std::optional<std::string> failure;
  };

  void run();
  void round(Service& service) REQUIRES(mutex_);
  ProbeResult ask(Service& service, Target& target, workload::ProbeCourse::Kind kind);
  ProbeResult ask_command(Service& service, Target& target, workload::ProbeCourse::Kind kind);
  std::optional<Container> restart(Service& service, const Container& known, const std::string& why);
  bool rest(Duration time);
  void publish() REQUIRES(mutex_);
  static workload::ProbeCourse course_of(const Container& container);

  const workload::Rules& rules_;
  const std::filesystem::path socket_;
  const std::function<void(std::string_view)> tell_;
  const std::shared_ptr<ProbeBoard> board_ = std::make_shared<ProbeBoard>();
  std::atomic<bool> stop_ = false;
  Mutex mutex_;
  Condition wake_;
  std::map<std::string, Target> targets_ GUARDED_BY(mutex_);  ///< by the container's id
  std::set<std::string> restarted_ GUARDED_BY(mutex_);        ///< pods
  std::thread thread_;
};

}  // namespace greenwave::drivers::podman
