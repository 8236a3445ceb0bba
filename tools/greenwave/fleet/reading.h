#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "context/style.h"

namespace greenwave::fleet {

// Reads what a hub answers. A member that is absent, or of another type, reads as empty, since hubs of other
// versions say more or less. Texts are printable.

std::string text_in(const nlohmann::json& json, const char* key);
/// As it is in the answer, for comparisons and the next question.
std::string raw_text_in(const nlohmann::json& json, const char* key);
std::size_t count_in(const nlohmann::json& json, const char* key);
bool flag_in(const nlohmann::json& json, const char* key);
std::optional<Time> time_in(const nlohmann::json& json, const char* key);
const nlohmann::json& list_in(const nlohmann::json& json, const char* key);
const nlohmann::json& map_in(const nlohmann::json& json, const char* key);

/// The beginning of a commit's id; "-": there is none.
std::string commit_in(const nlohmann::json& json, const char* key);
/// "3m ago"; "never".
std::string ago_in(const nlohmann::json& json, const char* key, Time now);
/// "a, b and 2 more": the texts of a list, which are the first of `total`.
std::string names_in(const nlohmann::json& json, const char* key, std::size_t total);

/// Whether somebody must look at a device in this state.
bool is_trouble(std::string_view state);
cli::Paint paint_of_state(std::string_view state);

}  // namespace greenwave::fleet
