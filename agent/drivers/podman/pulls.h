#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/mutex.h"

namespace greenwave::drivers::podman {

/// Pulls of images, each in a thread of its own: over a slow link one takes hours, in which the device must
/// repair its drift and take commits. One thread, which is the one that syncs.
class Pulls {
 public:
  /// Pulls one image, in any thread, and returns its id; `end` ends it. Throws Error.
  using PullOne = std::function<std::string(const std::string& reference, const std::string& auth,
                                            const std::atomic<bool>& end)>;

  /// `patience` is how long all calls of one pass wait together; none: as long as it takes. `stop` ends a
  /// wait, during which `while_waiting` is called.
  Pulls(PullOne pull_one, std::optional<Duration> patience, const std::atomic<bool>& stop,
        std::function<void()> while_waiting);
  /// Ends the pulls.
  ~Pulls();
  Pulls(const Pulls&) = delete;
  Pulls& operator=(const Pulls&) = delete;

  void begin_pass() { waits_until_.reset(); }
  std::optional<Duration> patience() const { return patience_; }

  /// What a pull that an earlier pass began came to: the image's id, which is empty if there was none. Throws
  /// the pull's Error.
  std::string take(const std::string& reference);

  /// Pulls an image, or goes on with its pull. Returns its id; `auth` as Service::pull's. Throws Error: that
  /// of the pull, and transient where it goes on in the background or waits for others.
  std::string pull(const std::string& reference, const std::string& auth);

 private:
  struct Pull {
    std::string reference;
    Instant began{};
    bool ended = false;
    std::string id;
    std::optional<Error> error;
    std::thread thread;
  };

  void run(Pull& pull, const std::string& auth);
  Pull* find(const std::string& reference) REQUIRES(mutex_);
  void begin(const std::string& reference, const std::string& auth) REQUIRES(mutex_);
  std::string take(Pull& pull) EXCLUDES(mutex_);
  bool may_wait() REQUIRES(mutex_);

  const PullOne pull_one_;
  const std::optional<Duration> patience_;
  const std::atomic<bool>& stop_;
  const std::function<void()> while_waiting_;
  std::optional<Instant> waits_until_;
  std::atomic<bool> end_ = false;
  Mutex mutex_;
  Condition ended_;
  std::list<Pull> pulls_ GUARDED_BY(mutex_);
};

/// From podman's service on this socket.
Pulls::PullOne pull_from(std::filesystem::path socket);

}  // namespace greenwave::drivers::podman
