#pragma once

#include <string>
#include <vector>

#include "city/command.h"
#include "git/approvals.h"
#include "lint/findings.h"
#include "model/device.h"
#include "model/source_tree.h"

namespace greenwave::cli {

struct LintOptions {
  kinds::Rules rules = rules_of({});           ///< of the devices
  Labels labels;                               ///< for devices whose Feature has no label of that name
  std::vector<git::PathApproval> approvals{};  ///< of the commit
};

struct LintResult {
  std::vector<LintFinding> findings;  ///< ordered by file, line and column
  std::vector<std::string> devices;
  std::size_t retired = 0;  ///< of the devices
  bool has_inventory = false;
  std::size_t combinations = 0;
  std::size_t objects = 0;   ///< summed over devices
  std::size_t rendered = 0;  ///< distinct ones

  std::size_t count(Severity severity) const;
};

/// Finds the problems in a city's repository that any of its devices would have.
LintResult lint(const SourceTree& tree, const LintOptions& options);

/// For people: each finding with its source line and a caret. `prefix` is put before each path.
std::string lint_text(const LintResult& result, const std::string& prefix, const struct Style& style);
std::string lint_json(const LintResult& result, const std::string& prefix);
/// GitHub's workflow commands (::error file=…::…), which become annotations of a pull request.
std::string lint_github(const LintResult& result, const std::string& prefix);
/// SARIF 2.1.0 (OASIS), for code scanning.
std::string lint_sarif(const LintResult& result, const std::string& prefix);

/// "12 of 485 devices: sf-0001, sf-0002, sf-0003 and 9 more"; empty for a finding about the repository
/// itself.
std::string affected_devices(const LintFinding& finding, const LintResult& result);

}  // namespace greenwave::cli
