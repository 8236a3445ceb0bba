#pragma once

#include <future>
#include <vector>

#include "base/fd.h"

namespace greenwave::drivers::host {

/// The other side of run_elsewhere(): what greenwave-programs.service does.
class ProgramServer {
 public:
  /// Throws Error.
  explicit ProgramServer(Fd listener);

  /// Runs what it is asked for, each on a thread of its own, until stop(); then what runs ends first.
  void serve();
  /// From any thread.
  void stop();

 private:
  void accept_one();

  Fd listener_;
  Fd stopped_;  ///< an eventfd
  std::vector<std::future<void>> runs_;
};

}  // namespace greenwave::drivers::host
