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

/// One thing that is, or would go, wrong, said once for all devices that it concerns.
struct LintFinding {
  std::string rule;  ///< "yaml", "spec", "variable", …: what kind of check found it
  Problem problem;
  std::vector<std::uint32_t> devices;  ///< numbers in the inventory, in its order
  bool general = false;                ///< said of the repository itself: `devices` end up empty
  std::string line;                    ///< as it was written, without secrets; empty: unknown
};

/// Collects findings and joins those that say the same of several devices.
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

/// The place at the start of an Error's message ("file:1:2: error: …"), and what follows it.
Problem problem_from(const std::string& line);

}  // namespace greenwave::cli
