#pragma once

#include <string>

#include "base/log.h"
#include "base/mutex.h"
#include "daemon/outcome.h"
#include "report/metrics.h"

namespace greenwave::report {

/// Keeps the file that node_exporter's textfile collector reads, where the configuration names one. A reader
/// sees the old file or the new one. Thread-safe; never throws for a file that can't be written: that is
/// logged, once for each reason.
class MetricsFile : public daemon::OutcomeSink {
 public:
  explicit MetricsFile(const Log& log) : log_(log) {}

  void take(const daemon::Outcome& outcome) override;

 private:
  const Log& log_;
  Mutex mutex_;
  Counts counts_ GUARDED_BY(mutex_);
  std::string trouble_ GUARDED_BY(mutex_);
};

}  // namespace greenwave::report
