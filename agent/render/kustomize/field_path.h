#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// What a path's last member becomes where it is made.
enum class Made { nothing, text, map };

/// "a/b\/c/d[]" → {"a", "b/c", "d[]"}.
std::vector<std::string> split_path(std::string_view path, char separator = '/');

/// Calls `visit` with each value that `path` leads to; lists on the way are gone through. What is missing is
/// made when `made` says what the last member is to be, except below a name that ends in "[]". Maps that are
/// made get `place`. A path that leads through a text is a problem.
void each_at(yaml::Node& node, const std::vector<std::string>& path, Made made, const Place& place,
             Problems& problems, const std::function<void(yaml::Node&)>& visit);

}  // namespace greenwave::render::kustomize
