#pragma once

#include <future>

#include "base/fd.h"

namespace greenwave::drivers::host {

/// Has the kernel write out what was written so far, on a thread of its own, while more is being written: a
/// syncfs at the end then finds most of it done. Where no thread can be had, nothing is done.
class WriteBehind {
 public:
  /// Begins with the file system of `directory`, unless the last round is still under way.
  void begin(int directory);

  /// Waits for the last round, if there is one. 0, or the errno of a round that failed since the last call:
  /// the kernel reports a lost write only once, and it may have reported it here.
  int end();

 private:
  int failed_ = 0;
  std::future<int> round_;
};

}  // namespace greenwave::drivers::host
