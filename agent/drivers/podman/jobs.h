#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "drivers/podman/job_course.h"
#include "drivers/podman/play_kube.h"
#include "drivers/podman/starts.h"
#include "drivers/podman/stops.h"

namespace greenwave::drivers::podman {

/// A Job to run.
struct JobOrder {
  ObjectId id;
  workload::JobPlan plan;
  std::vector<KubePod> kube_pods;      ///< one for each completion
  std::vector<std::string> has_run{};  ///< pods that are not there, and ran once
};

/// Of an object's pods that are not there, those that ran once: people tidied up.
std::vector<std::string> gone_after_run(const PodRecord& record, const Pods& pods);

/// Whether a Job's pod has not ended.
bool is_under_way(const std::vector<Container>& pod);

/// Runs Jobs to their end, in a thread that exists only when there are any. Any thread.
class Jobs {
 public:
  struct State {
    std::string why;    ///< what it waits for after a failure, or why it has failed; may be empty
    bool lost = false;  ///< it has failed
  };

  /// `rules`, `stops` and `starts` outlive this.
  Jobs(const workload::Rules& rules, std::filesystem::path socket, Stops& stops, Starts& starts);
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  /// Takes the first step by `service`, and goes on by itself. The images must be here. Returns how it is
  /// then. Throws Error when the first step fails.
  State begin(Service& service, JobOrder order);
  /// How one is that was begun and has not ended; nothing for another one.
  std::optional<State> state(const ObjectId& id) const;
  /// The same from what podman lists, also for one that nobody runs: `why` is empty where it went well, or
  /// goes on.
  State look(const ObjectId& id, const PodRecord& record, const Pods& pods) const;
  /// Removes the pods of one that has ended well when their time is over. For one that an earlier agent ran.
  void tidy_later(const ObjectId& id, const PodRecord& record, const Pods& pods);
  /// Leaves the Job's pods to the caller.
  void forget(const ObjectId& id);

 private:
  struct Job {
    std::shared_ptr<const JobOrder> order;  ///< of the copy that the thread works with as well
    JobCourse course;
    State state{};
    bool done = false;
    Instant rests_until{};
  };

  void take(const ObjectId& id, Job job);

  bool advance(Service& service, Job& job);
  void make(Service& service, const Job& job, const std::string& pod, const Pods& pods);
  void start(Service& service, const KubePod& kube_pod);
  void run();
  bool round(Service& service) REQUIRES(mutex_);

  const workload::Rules& rules_;
  const std::filesystem::path socket_;
  Stops& stops_;
  Starts& starts_;
  std::atomic<bool> end_ = false;
  mutable Mutex mutex_;
  Condition wake_;
  std::map<ObjectId, Job> jobs_ GUARDED_BY(mutex_);
  std::optional<ObjectId> busy_with_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace greenwave::drivers::podman
