#pragma once

#include <condition_variable>
#include <mutex>

#include "base/clock.h"

/// A mutex, and annotations for what it guards. clang checks them (-Wthread-safety); gcc ignores them.
/// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#if defined(__clang__)
#define GREENWAVE_THREAD(attribute) __attribute__((attribute))
#else
#define GREENWAVE_THREAD(attribute)
#endif

/// For a member: it is read and written only while the mutex is held. PT_GUARDED_BY: for a pointer's target.
#define GUARDED_BY(mutex) GREENWAVE_THREAD(guarded_by(mutex))
#define PT_GUARDED_BY(mutex) GREENWAVE_THREAD(pt_guarded_by(mutex))
/// For a function: call it with the mutex held, or (EXCLUDES) without it, because the function locks it.
#define REQUIRES(...) GREENWAVE_THREAD(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) GREENWAVE_THREAD(locks_excluded(__VA_ARGS__))

/// For a function that does something else where it does not get a lock at once, which clang cannot follow.
#define UNCHECKED_LOCK GREENWAVE_THREAD(no_thread_safety_analysis)

namespace greenwave {

class GREENWAVE_THREAD(capability("mutex")) Mutex {
 public:
  void lock() GREENWAVE_THREAD(acquire_capability()) { mutex_.lock(); }
  void unlock() GREENWAVE_THREAD(release_capability()) { mutex_.unlock(); }
  bool try_lock() GREENWAVE_THREAD(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

/// Holds a mutex for a scope.
class GREENWAVE_THREAD(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& mutex) GREENWAVE_THREAD(acquire_capability(mutex)) : mutex_(mutex) { mutex.lock(); }
  ~Lock() GREENWAVE_THREAD(release_capability()) { mutex_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Mutex& mutex_;
};

/// Releases a mutex for a scope, for slow work.
class GREENWAVE_THREAD(scoped_lockable) Unlock {
 public:
  explicit Unlock(Mutex& mutex) GREENWAVE_THREAD(release_capability(mutex)) : mutex_(mutex) {
    mutex.unlock();
  }
  ~Unlock() GREENWAVE_THREAD(release_capability()) { mutex_.lock(); }
  Unlock(const Unlock&) = delete;
  Unlock& operator=(const Unlock&) = delete;

 private:
  Mutex& mutex_;
};

/// A wait releases the mutex while it sleeps, and may end spuriously: call it in a loop that tests the
/// condition. There are no predicates, since clang does not know that a lambda runs with the mutex held.
class Condition {
 public:
  void wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  /// False when `deadline` has passed.
  bool wait_until(Mutex& mutex, Instant deadline) REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const auto ended = condition_.wait_until(lock, deadline);
    lock.release();
    return ended == std::cv_status::no_timeout;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace greenwave
