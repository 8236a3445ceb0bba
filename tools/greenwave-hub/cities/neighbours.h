#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "cities/roster.h"
#include "config/cities_config.h"
#include "loop/loop.h"
#include "outbound/outbound.h"

namespace greenwave::hub {

/// Asks each city's hub in turn, and keeps its last figures, also on disk. Cities do not wait for each other.
/// On the loop's thread.
class Neighbours {
 public:
  /// All but `config` outlive this. Reads what an earlier run kept. Throws Error when the state directory
  /// cannot be made.
  Neighbours(CitiesConfig config, Loop& loop, const Log& log, Outbound& outbound);
  ~Neighbours();
  Neighbours(const Neighbours&) = delete;
  Neighbours& operator=(const Neighbours&) = delete;

  void begin();
  const std::vector<KnownCity>& cities() const { return known_; }

 private:
  void ask(std::size_t city);
  void hear(std::size_t city, const Reply& reply);
  /// Logged where the cause is another than before: the words may have milliseconds in them.
  void fail(std::size_t city, long cause, std::string_view why);
  void keep_soon();
  void keep();

  CitiesConfig config_;
  Loop& loop_;
  const Log& log_;
  Outbound& outbound_;
  std::vector<KnownCity> known_;  ///< in the order of config_.cities
  std::vector<long> causes_;      ///< why each could not be asked; zero: it could
  std::vector<Loop::Timer> timers_;
  Loop::Timer keeping_ = 0;
  std::string trouble_;  ///< of the disk, as it was logged last
};

}  // namespace greenwave::hub
