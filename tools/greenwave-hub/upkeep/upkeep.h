#pragma once

#include <map>
#include <string>

#include "base/log.h"
#include "config/hub_config.h"
#include "database/connection.h"
#include "loop/loop.h"

namespace greenwave::hub {

/// What must be done from time to time, by any hub of the city: devices that went silent are noted,
/// partitions are made ahead and dropped when they are old, and devices are counted for the metrics. On the
/// loop's thread.
class Upkeep {
 public:
  /// All outlive this.
  Upkeep(const HubConfig& config, Loop& loop, const Log& log, Connection& writer, Connection& reader);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  /// The database is here, maybe after a while in which no device could report.
  void begin();
  /// Devices by their status, as of a few seconds ago.
  const std::map<std::string, std::int64_t>& counts() const { return counts_; }

 private:
  void sweep();
  void note_silent();
  void count();
  void look_after_partitions();

  const HubConfig& config_;
  Loop& loop_;
  const Log& log_;
  Connection& writer_;
  Connection& reader_;
  Instant begun_{};  ///< since when devices could report
  std::map<std::string, std::int64_t> counts_;
  Loop::Timer sweep_ = 0;
  Loop::Timer partitions_ = 0;
};

}  // namespace greenwave::hub
