#include "lint/lint.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "city/host_drivers.h"
#include "lint/checks.h"
#include "lint/secrets.h"
#include "render/fleet.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t most_examples = 3;

void check_fleet(const render::Fleet& fleet, const LintOptions& options, LintFindings& findings,
                 LintReport& report) {
  findings.add("city", fleet.problems());
  for (const auto& [device, problem] : fleet.device_problems()) findings.add("layer", problem, device);
  std::vector<std::vector<std::uint32_t>> getting(fleet.layers().size());
  std::vector<std::vector<std::uint32_t>> having(fleet.combinations().size());
  for (std::uint32_t device = 0; device < fleet.devices().size(); ++device) {
    having[fleet.combination_of(device)].push_back(device);
    for (const auto layer : fleet.combinations()[fleet.combination_of(device)].layers) {
      getting[layer].push_back(device);
    }
    report.objects += fleet.objects_of(device).size();
  }
  for (std::size_t i = 0; i < getting.size(); ++i) {
    findings.add("manifest", fleet.layers()[i].problems, getting[i]);
  }
  for (std::size_t i = 0; i < having.size(); ++i) {
    findings.add("object", fleet.combinations()[i].problems, having[i]);
  }
  check_recipients(fleet, getting, findings);
  check_city(fleet, findings);
  HostDrivers drivers(options.allowed_paths);
  report.rendered = check_objects(fleet, drivers.list(), findings);
  report.combinations = fleet.combinations().size();
  report.has_inventory = !fleet.cluster().devices.empty();
  for (const auto& device : fleet.devices()) report.devices.push_back(device.id);
}

}  // namespace

LintReport lint(const SourceTree& tree, const LintOptions& options) {
  LintReport report;
  LintFindings findings;
  try {
    const render::Fleet fleet(tree, options.labels);
    check_fleet(fleet, options, findings, report);
  } catch (const Error& error) {
    if (error.fault() != Fault::invalid) throw;
    // No device can make anything of this commit: each line is a problem of its own.
    std::string text = error.what();
    for (const auto line : split(text, '\n')) findings.add("city", problem_from(std::string(line)));
  }
  find_secrets(tree, findings);
  report.findings = findings.take(tree);
  return report;
}

std::size_t LintReport::count(Severity severity) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      findings, [severity](const LintFinding& finding) { return finding.problem.severity == severity; }));
}

std::string concerned(const LintFinding& finding, const LintReport& report) {
  const auto count = finding.devices.size();
  if (count == 0 || !report.has_inventory) return {};
  if (count == report.devices.size()) return fmt::format("all {}", count_of(count, "device"));
  std::vector<std::string> examples;
  for (std::size_t i = 0; i < std::min(count, most_examples); ++i) {
    examples.push_back(printable(report.devices[finding.devices[i]]));
  }
  auto text = fmt::format("{} of {}: {}", count, count_of(report.devices.size(), "device"),
                          fmt::join(examples, ", "));
  if (count > most_examples) text += fmt::format(" and {} more", count - most_examples);
  return text;
}

}  // namespace greenwave::cli
