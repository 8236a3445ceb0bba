#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/commit_id.h"

namespace greenwave::git {

/// How far a fetch is.
struct Fetching {
  CommitId commit;
  Time since{};
  Duration took{};              ///< so far
  std::uint64_t bytes = 0;      ///< of the server's answers; what HTTP, TLS and SSH add is not counted
  std::uint64_t rate = 0;       ///< bytes a second, of the last ten seconds
  std::uint64_t objects = 0;    ///< received
  std::uint64_t announced = 0;  ///< by the packs that have begun so far, the received ones included

  bool operator==(const Fetching&) const = default;
};

/// "fetching 4fa52342af35 for 40s: 1.2 MiB, 28% of 1213 objects, 12 KiB/s"; without what is not known.
std::string in_words(const Fetching& fetching);

/// Bytes a second over the last ten seconds, in a fixed size.
class RecentRate {
 public:
  /// `age` is how long ago the counting began; it never decreases.
  void add(Duration age, std::uint64_t bytes);
  std::uint64_t at(Duration age) const;

 private:
  struct Second {
    std::int64_t number = -1;
    std::uint64_t bytes = 0;
  };
  std::array<Second, 10> seconds_{};
};

/// The fetch under way, if there is one. The thread that fetches is the only one that writes; any thread may
/// read at any time. Nobody is woken: a reader looks when it likes.
class FetchProgress {
 public:
  /// `heartbeat` is called on the thread that fetches, as long as there is progress, once in each `interval`
  /// and with each hundredth of the objects: one pack over a slow link may take longer than a watchdog waits.
  explicit FetchProgress(const Clock& clock, std::function<void()> heartbeat = {},
                         Duration interval = std::chrono::seconds(5))
      : clock_(clock), heartbeat_(std::move(heartbeat)), interval_(interval) {}

  /// One that is under way already, for the same commit, goes on.
  void begin(const CommitId& commit);
  void end();
  /// What comes outside of a fetch is not counted.
  void receive(std::size_t bytes);
  /// Of the fetch so far.
  void count(std::uint64_t objects, std::uint64_t announced);
  /// What was received is worked on.
  void work();

  std::optional<Fetching> read() const;

 private:
  Duration age() const REQUIRES(mutex_);
  bool is_beat_due() REQUIRES(mutex_);

  const Clock& clock_;
  const std::function<void()> heartbeat_;
  const Duration interval_;
  mutable Mutex mutex_;
  std::optional<Fetching> current_ GUARDED_BY(mutex_);
  Instant began_ GUARDED_BY(mutex_){};
  Instant beat_ GUARDED_BY(mutex_){};
  RecentRate rate_ GUARDED_BY(mutex_);
};

/// Ends a fetch in `in` with its scope; null: it is not shown. Begins it when something has to be fetched.
class ShownFetch {
 public:
  explicit ShownFetch(FetchProgress* in) : in_(in) {}
  ShownFetch(const ShownFetch&) = delete;
  ShownFetch& operator=(const ShownFetch&) = delete;
  ~ShownFetch() {
    if (in_ != nullptr) in_->end();
  }
  void begin(const CommitId& commit) const {
    if (in_ != nullptr) in_->begin(commit);
  }
  void receive(std::size_t bytes) const {
    if (in_ != nullptr) in_->receive(bytes);
  }

 private:
  FetchProgress* in_;
};

}  // namespace greenwave::git
