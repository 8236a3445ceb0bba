#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "fleet/scenario.h"
#include "git/store.h"
#include "loop/loop.h"
#include "model/cluster.h"
#include "model/commit_id.h"
#include "sync/intake/intake.h"

namespace greenwave::sim {

/// A request of git's protocol v2 to a repository.
struct GitRequest {
  std::string path;  ///< after the repository's: "/git-upload-pack"
  std::string body;  ///< empty: a GET
};

/// How one device went from commit to commit.
struct Fetched {
  std::vector<GitRequest> requests{};  ///< after the poll, in their order
  git::Commit commit{};                ///< that it has now; its id is empty when it was refused
  std::string why_not{};               ///< why it was
  std::string ref{};                   ///< that it came by
  CommitId target{};                   ///< that the ref names
  Cluster cluster{};                   ///< as the commit has it
};

/// Who asks, and from where.
struct Step {
  std::size_t city = 0;
  CommitId from;         ///< empty: it has nothing
  CommitId to;           ///< empty: whatever the ref names
  std::string wave_ref;  ///< that it follows; empty: the branch

  auto operator<=>(const Step&) const = default;
};

/// What an agent sends, and learns, when it goes from one commit to another: for each Step, one device runs
/// the agent's own intake (fetch, verify, judge, render) on a thread and with a store of its own, and all
/// others that make the same step send the same bytes. Its answers come on the loop's thread, to which
/// everything else of it belongs.
class Rehearsals {
 public:
  using Answer = std::function<void(const std::shared_ptr<const Fetched>&)>;

  Rehearsals(const Scenario& scenario, hub::Loop& loop);
  ~Rehearsals();
  Rehearsals(const Rehearsals&) = delete;
  Rehearsals& operator=(const Rehearsals&) = delete;

  /// `device` makes the step, if nobody has made it yet. A null answer: the server was not reached, and the
  /// next one who asks tries again.
  void ask(const Step& step, const std::string& device, const sync::Following& following, Answer answer);

 private:
  struct Work {
    Step step;
    std::string device;
    sync::Following following;
  };
  struct Known {
    std::shared_ptr<const Fetched> fetched{};
    std::vector<Answer> waiting{};
  };

  /// A commit of a city.
  struct Place {
    std::size_t city = 0;
    CommitId commit;

    auto operator<=>(const Place&) const = default;
  };
  /// What a device has that came there.
  struct Disk {
    std::filesystem::path directory;
    sync::Remembered remembered;
  };

  void work();
  std::shared_ptr<const Fetched> rehearse(const Work& work);
  void tell(const Step& step, const std::shared_ptr<const Fetched>& fetched);

  const Scenario& scenario_;
  hub::Loop& loop_;
  std::map<Step, Known> known_;
  std::map<Place, Disk> disks_;  ///< of the thread
  std::size_t made_ = 0;         ///< directories
  std::atomic<bool> stop_ = false;
  Mutex mutex_;
  Condition has_work_;
  std::vector<Work> works_ GUARDED_BY(mutex_);
  std::thread thread_;  ///< the last member: it uses the others
};

}  // namespace greenwave::sim
