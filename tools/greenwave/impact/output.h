#pragma once

#include <string>

#include "context/style.h"
#include "impact/impact.h"

namespace greenwave::cli {

/// An Impact as `greenwave impact` prints it.
std::string impact_text(const city::Impact& impact, const Style& style);
std::string impact_markdown(const city::Impact& impact);
std::string impact_json(const city::Impact& impact);
std::string impact_geojson(const city::Impact& impact);

}  // namespace greenwave::cli
