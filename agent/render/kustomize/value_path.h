#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// "spec.containers.[name=web].env.0.value" → its parts. A dot within a name is written "\.", or the name is
/// put in brackets: "metadata.annotations.[example.com/role]".
std::vector<std::string> split_value_path(std::string_view path);

/// The value at a path that leads to one: members, positions, "-" for the last item, "[name=web]". Null when
/// there is none.
const yaml::Node* value_at(const yaml::Node& node, const std::vector<std::string>& path);
yaml::Node* value_at(yaml::Node& node, const std::vector<std::string>& path);

/// What a missing value is created as; a text starts as null.
enum class Missing { left_out, text, map, list };

/// Calls `visit` with every value that a path leads to: besides the above, "*" means all items, and in
/// "[name=REGEX]" the value is a regular expression. Returns how many there were.
std::size_t each_value_at(yaml::Node& node, const std::vector<std::string>& path, Missing missing,
                          const Place& place, Problems& problems,
                          const std::function<void(yaml::Node&)>& visit);

}  // namespace greenwave::render::kustomize
