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

namespace greenwave::drivers::podman {

/// What the probes said last. Any thread.
class ProbeBoard {
 public:
  /// Why containers are unhealthy, by id; those without a probe, or that pass all, are left out.
  std::map<std::string, std::string> unready() const;
  /// Whether it is being restarted now, because its probe failed.
  bool restarts(const std::string& id) const;

 private:
  friend class Prober;
  mutable Mutex mutex_;
  std::map<std::string, std::string> unready_ GUARDED_BY(mutex_);
  std::set<std::string> restarting_ GUARDED_BY(mutex_);
};

/// Asks the probes of what runs, one after the other, in a thread of its own that there is only where there
/// are probes, and restarts containers that fail, or stops them where they may not be restarted. `tell` is
/// called in that thread.
class Prober {
 public:
  Prober(std::filesystem::path socket, std::function<void(std::string_view)> tell);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  /// All containers, as they are now. The courses of those that still run continue.
  void watch(const std::vector<Container>& containers);

  /// The pods whose containers were restarted since this was asked last.
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
    bool known = true;  ///< false: it could not be asked
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
