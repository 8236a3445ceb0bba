#include "report/metrics_file.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

namespace greenwave::report {

void MetricsFile::take(const daemon::Outcome& outcome) {
  const auto& config = outcome.config;
  const Lock lock(mutex_);
  if (outcome.sync != nullptr) count(counts_, *outcome.sync);
  if (config.metrics_file.empty()) return;
  std::string trouble;
  try {
    make_directories(config.metrics_file.parent_path());
    replace_file(config.metrics_file, exposition(counts_, outcome.status));
  } catch (const Error& error) {
    trouble = error.what();
  }
  if (!trouble.empty() && trouble != trouble_) log_.warning(fmt::format("the metrics: {}", trouble));
  trouble_ = std::move(trouble);
}

}  // namespace greenwave::report
