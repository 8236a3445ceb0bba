#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/problem.h"
#include "yaml/node.h"

namespace greenwave::config {

/// Whose approval a change of a path needs: trust.paths in agent.yaml.
struct PathRule {
  std::string path;                  ///< relative to the cluster's root; empty: all of it
  std::vector<std::string> signers;  ///< principals of the file of allowed signers
  std::size_t threshold = 0;         ///< how many of them
  Place place{};
};

/// "base", or "the repository" for all of it.
std::string name_of(const PathRule& rule);

/// Reads a list of rules. Use the result only if `problems` has no errors.
std::vector<PathRule> read_path_rules(const yaml::Node& list, Problems& problems);

}  // namespace greenwave::config
