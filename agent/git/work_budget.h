#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace greenwave::git {

/// How much the unpacking of one fetch may use up. A pack of a few hundred kilobytes can unfold to terabytes.
struct WorkLimits {
  std::uint64_t memory = 96 << 20;                  ///< bytes that libgit2 holds at one time
  std::uint64_t unpacked = std::uint64_t{8} << 30;  ///< bytes, counted each time they are unpacked
  Duration cpu = std::chrono::minutes(10);
};

/// What it has used up.
struct Spent {
  std::uint64_t unpacked = 0;  ///< bytes
  std::chrono::nanoseconds cpu{};
};

/// Ends libgit2's work on hostile input: beyond the limits its allocations fail, and with them its call, but
/// for a few small ones, with which it reports that. One thread.
class WorkBudget {
 public:
  /// `stop` must outlive this. `before` is what the same fetch spent earlier.
  WorkBudget(const WorkLimits& limits, const Spent& before, const std::atomic<bool>& stop);

  /// What libgit2 does on this thread while this exists goes on the budget. Not nested.
  class Use {
   public:
    explicit Use(WorkBudget& budget);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    WorkBudget& budget_;
  };

  /// Whether the work may go on. Looks at the clock.
  bool lasts();
  /// Which limit ended the work, in words; none while it lasts, or if it was stopped.
  std::optional<std::string> overrun() const;
  const Spent& spent() const { return spent_; }

  /// For the allocator: whether `bytes` more may be held.
  bool grant(std::size_t bytes);
  /// Whether it may hold them nevertheless, to report what happened.
  bool spare(std::size_t bytes);
  void hold(std::size_t bytes) { held_ += static_cast<std::int64_t>(bytes); }
  void release(std::size_t bytes) { held_ -= static_cast<std::int64_t>(bytes); }

 private:
  enum class Over : std::uint8_t { nothing, stopped, memory, unpacked, cpu };

  void count_time();

  WorkLimits limits_;
  const std::atomic<bool>& stop_;
  Spent spent_;
  std::int64_t held_ = 0;       ///< bytes; below zero when more was freed than was allocated on the budget
  std::uint64_t timed_at_ = 0;  ///< what was unpacked when the clock was last looked at
  std::chrono::nanoseconds counted_{};  ///< the thread's CPU time up to which `spent_` counts
  Over over_ = Over::nothing;
  std::size_t reserve_ = 16 << 10;  ///< bytes for spare()
};

/// Makes libgit2 allocate on the budget in use, if there is one. Call it before git_libgit2_init().
void install_allocator();

}  // namespace greenwave::git
