#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// What to create as a path's last member.
enum class Made { nothing, text, map };

/// "a/b\/c/d[]" → {"a", "b/c", "d[]"}.
std::vector<std::string> split_path(std::string_view path, char separator = '/');

/// Calls `visit` with each value that `path` leads to; descends into all items of lists. Creates
/// missing members if `made` says what the last one is, except below a name that ends in "[]", which makes a
/// null a list. Created maps get `place`. A path that leads through a text is a problem.
void each_at(yaml::Node& node, const std::vector<std::string>& path, Made made, const Place& place,
             Problems& problems, const std::function<void(yaml::Node&)>& visit);

}  // namespace greenwave::render::kustomize
