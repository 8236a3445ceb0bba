#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "changes/changes.h"
#include "config/config.h"
#include "inventory/city.h"

namespace greenwave::hub {

/// A ref of the repository as the last poll found it.
struct FollowedRef {
  std::string wave;  ///< empty: the branch
  std::string ref;   ///< the full name
  std::string commit;
  std::string subject;
  std::string author;
};

struct Followed {
  std::string commit;  ///< of the branch, whose inventory this is
  CityInventory inventory;
  std::vector<FollowedRef> refs;
};

/// Why the repository is not read, and since when. Empty: it is.
struct RepositoryTrouble {
  std::string why;
  Time since{};
};

class Course;

/// Follows the city's repository on a thread of its own, with the agent's own transport: in a process that
/// can do nothing else. A commit that no allowed key signed is not read.
class Follower {
 public:
  /// Called on the follower's thread.
  struct Listener {
    std::function<void(Followed followed)> told;        ///< after each poll that found something new
    std::function<void(Compared compared)> compared;    ///< after each comparison
    std::function<void(RepositoryTrouble)> troubled{};  ///< when the repository cannot be read, or can again
  };

  /// All but `config` outlive this. `directory` is for the store.
  Follower(config::Config config, std::filesystem::path directory, const Log& log, Listener listener);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  /// Asks the server now.
  void poll_now();

  /// Finds out, soon, what devices at the one commit do for the other, or what it declares for one: between
  /// two polls, for a minute or so at the most, beside the time that fetching takes. From any thread.
  void compare(CommitPair pair);

 private:
  void follow();
  /// Until there is something to do, for so long at the most; in between, commits are compared. False: stop.
  bool rest(Course* course, Duration time);
  std::optional<CommitPair> next_wanted(std::chrono::steady_clock::time_point until);
  void note(std::string why);

  config::Config config_;
  std::filesystem::path directory_;
  const Log& log_;
  Listener listener_;
  std::atomic<bool> stop_ = false;
  Mutex mutex_;
  Condition wakeup_;
  bool is_asked_ GUARDED_BY(mutex_) = false;
  std::deque<CommitPair> wanted_ GUARDED_BY(mutex_);
  RepositoryTrouble trouble_;  ///< of the thread's
  std::thread thread_;
};

}  // namespace greenwave::hub
