#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"

namespace greenwave::hub {

/// How far a wave of a city is with its commit, as /v1/rollout has it.
struct WaveFigures {
  std::string wave;  ///< empty: the branch
  std::string commit;
  std::string subject;
  std::optional<Time> since;  ///< when the commit was first seen there
  std::int64_t devices = 0;
  std::int64_t has = 0;
  std::int64_t healthy = 0;
  std::int64_t failed = 0;
  std::int64_t reverted = 0;
  std::int64_t silent = 0;
  std::string halted{};  ///< why it stops here; empty: it does not
};

/// A city in numbers.
struct CityFigures {
  std::int64_t total = 0;                      ///< devices that the inventory lists or that ever reported
  std::map<std::string, std::int64_t> counts;  ///< of those that are not retired, by status
  std::int64_t unlisted = 0;
  std::int64_t retired = 0;
  std::optional<Time> last_report;
  std::optional<std::array<double, 4>> bounds;  ///< west, south, east, north of its devices
  std::vector<WaveFigures> waves;

  /// The wave with the commit that came last; null: the repository was not read yet.
  const WaveFigures* newest() const;
  std::int64_t halted() const;  ///< waves
};

/// Reads the figures of `city` in a hub's answer to /v1/cities. What is outside of its bounds, or not what it
/// should be, throws Error (invalid) that names the member; texts become printable, and members that nobody
/// knows are ignored, since hubs of other versions say more. Pure.
CityFigures read_figures(std::string_view answer, const std::string& city);

/// The value of the member "figures", and back; read_figures() reads it from an answer. Throws as that does.
nlohmann::json to_json(const CityFigures& figures);
CityFigures figures_in(const nlohmann::json& json);

}  // namespace greenwave::hub
