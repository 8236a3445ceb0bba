#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "cities/figures.h"

namespace greenwave::hub {

/// What is known of a city.
struct KnownCity {
  std::string city;
  std::string url;                       ///< empty: the hub that answers is this city's own
  std::optional<CityFigures> figures{};  ///< the last ones
  Time at{};                             ///< of the figures, by the clock here
  std::string error{};                   ///< why the last question has no answer; empty: it has one
};

/// The answer to /v1/cities: each city, and what they are together. The figures of a city that is away count
/// as they last were.
nlohmann::json cities_json(const std::vector<KnownCity>& cities, Time now);

/// The figures as they are kept on disk, with their times, and back into `cities`. A text that is damaged, or
/// of another version, changes nothing of a city that it does not tell well.
std::string write_kept(const std::vector<KnownCity>& cities);
void read_kept(std::string_view text, std::vector<KnownCity>& cities);

}  // namespace greenwave::hub
