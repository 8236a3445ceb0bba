#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "context/style.h"
#include "promote/plan.h"

namespace greenwave::promote {

/// A line for each stage with the decision below it: made, or with `dry_run` only shown.
std::string text_of(const std::vector<Stage>& stages, const std::vector<Decision>& decisions, bool dry_run,
                    Time now, const cli::Style& style);

/// {"stages": [{"name", "ref", "commit", "devices", "since", "verdict", "reason", "to"}]}
nlohmann::json to_json(const std::vector<Stage>& stages, const std::vector<Decision>& decisions);

}  // namespace greenwave::promote
