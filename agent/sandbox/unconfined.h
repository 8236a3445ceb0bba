#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"

namespace greenwave::sandbox {

/// What this machine or its kernel lacks of the confinement, as the confined processes said. Thread-safe.
class Unconfined {
 public:
  void note(const std::vector<std::string>& missing) {
    const Lock lock(mutex_);
    texts_.insert(missing.begin(), missing.end());
  }
  std::vector<std::string> texts() const {
    const Lock lock(mutex_);
    return {texts_.begin(), texts_.end()};
  }

 private:
  mutable Mutex mutex_;
  std::set<std::string> texts_ GUARDED_BY(mutex_);
};

}  // namespace greenwave::sandbox
