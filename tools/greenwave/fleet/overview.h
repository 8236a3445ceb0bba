#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "context/style.h"

namespace greenwave::fleet {

/// The city on one screen, from /v1/summary.
std::string status_text(const nlohmann::json& summary, Time now, const cli::Style& style);
/// Whether a device failed or is silent, or the inventory and the devices do not agree.
bool needs_attention(const nlohmann::json& summary);

/// A bar for each wave, from /v1/rollout: which share of it has its commit and is healthy.
std::string rollout_text(const nlohmann::json& rollout, Time now, const cli::Style& style);
/// A line for each city, from /v1/cities; below it why its hub did not answer.
std::string cities_text(const nlohmann::json& cities, const cli::Style& style);
/// Whether a hub did not answer, or devices failed.
bool needs_attention_in_cities(const nlohmann::json& cities);

/// Whether a device of a wave failed, or went back.
bool has_failures(const nlohmann::json& rollout);

}  // namespace greenwave::fleet
