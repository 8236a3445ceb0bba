#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "lint/findings.h"
#include "model/device.h"
#include "model/source_tree.h"

namespace greenwave::cli {

struct LintOptions {
  std::vector<std::string> allowed_paths = config::Config{}.allowed_paths;
  Labels labels;  ///< for devices whose Feature has none of that name
};

struct LintReport {
  std::vector<LintFinding> findings;  ///< ordered by place
  std::vector<std::string> devices;
  bool has_inventory = false;
  std::size_t combinations = 0;
  std::size_t objects = 0;   ///< of all devices
  std::size_t rendered = 0;  ///< of them, those that differ

  std::size_t count(Severity severity) const;
};

/// Finds everything in a city's repository that would go wrong on one of its devices.
LintReport lint(const SourceTree& tree, const LintOptions& options);

/// For people: each finding with its line and a caret. `prefix` goes before each path.
std::string lint_text(const LintReport& report, const std::string& prefix, const struct Style& style);
std::string lint_json(const LintReport& report, const std::string& prefix);
/// GitHub's workflow commands (::error file=…::…), which become annotations of a pull request.
std::string lint_github(const LintReport& report, const std::string& prefix);
/// SARIF 2.1.0 (OASIS), for code scanning.
std::string lint_sarif(const LintReport& report, const std::string& prefix);

/// "12 of 485 devices: sf-0001, sf-0002, sf-0003 and 9 more"; empty where it concerns no device in
/// particular.
std::string concerned(const LintFinding& finding, const LintReport& report);

}  // namespace greenwave::cli
