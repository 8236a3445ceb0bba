#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "config/role.h"
#include "yaml/fields.h"
#include "yaml/load.h"

namespace greenwave::hub {

// What the hub's configurations share. Each reports to the fields' problems, and then leaves `value`.

inline constexpr yaml::Limits config_limits{.bytes = 256 * 1024, .nodes = 10'000, .depth = 16};

/// The configuration in `text`; nothing after a problem. `least` is what an empty one is to have: "city:
/// NAME".
std::optional<yaml::Node> read_document(std::string_view text, const std::string& name,
                                        const yaml::Limits& limits, std::string_view least,
                                        Problems& problems);

void read_duration(yaml::Fields& fields, const char* key, Duration least, Duration& value);
void read_path(yaml::Fields& fields, const char* key, std::filesystem::path& value);
/// A URL that a secret may be sent to; empty after a problem.
std::string read_url(yaml::Fields& fields, const char* key);
/// Levels by the names of people.
std::map<std::string, Role> read_users(yaml::Fields& fields);

}  // namespace greenwave::hub
