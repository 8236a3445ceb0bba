#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/problem.h"
#include "model/source_tree.h"

namespace greenwave::cli {

/// One problem, reported once for all devices that it affects.
struct LintFinding {
  std::string rule;  ///< "yaml", "spec", "variable", …: the kind of check that found it
  Problem problem;
  std::vector<std::uint32_t> devices;  ///< indices in the inventory
  bool general = false;                ///< about the repository itself: `devices` is empty
  std::string line;                    ///< the source line, without secrets; empty: unknown
};

/// Collects findings, and merges equal ones of several devices.
class LintFindings {
 public:
  void add(std::string_view rule, const Problem& problem, std::optional<std::uint32_t> device = {});
  void add(std::string_view rule, const Problems& problems, std::optional<std::uint32_t> device = {});
  void add(std::string_view rule, const Problems& problems, const std::vector<std::uint32_t>& devices);

  /// Ordered by file, line and column, with their source lines.
  std::vector<LintFinding> take(const SourceTree& tree);

 private:
  using Key = std::tuple<std::string, std::uint32_t, std::uint32_t, std::string>;

  std::map<Key, LintFinding> findings_;
};

/// Parses a line of an Error's message: "file:1:2: error: …".
Problem problem_from(const std::string& line);

}  // namespace greenwave::cli
