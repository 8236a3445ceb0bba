#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "promote/plan.h"
#include "style.h"

namespace greenwave::promote {

/// A line for each stage, and what happened to it, or with `only_looked` would happen, beneath.
std::string text_of(const std::vector<Stage>& stages, const std::vector<Outcome>& outcomes, bool only_looked,
                    Time now, const cli::Style& style);

/// {"stages": [{"name", "ref", "commit", "devices", "since", "verdict", "reason", "to"}]}
nlohmann::json to_json(const std::vector<Stage>& stages, const std::vector<Outcome>& outcomes);

}  // namespace greenwave::promote
