#include "lint/lint.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/error.h"
#include "base/listed.h"
#include "base/text.h"
#include "city/approvals.h"
#include "judge/judge.h"
#include "lint/checks.h"
#include "lint/secrets.h"
#include "render/fleet.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t most_examples = 3;

void check_fleet(const render::Fleet& fleet, const LintOptions& options, LintFindings& findings,
                 LintResult& result) {
  findings.add("city", fleet.problems());
  for (const auto& [device, problem] : fleet.device_problems()) findings.add("layer", problem, device);
  std::vector<std::vector<std::uint32_t>> getting(fleet.layers().size());
  std::vector<std::vector<std::uint32_t>> having(fleet.combinations().size());
  for (std::uint32_t device = 0; device < fleet.devices().size(); ++device) {
    having[fleet.combination_of(device)].push_back(device);
    for (const auto layer : fleet.combinations()[fleet.combination_of(device)].layers) {
      getting[layer].push_back(device);
    }
    result.objects += fleet.objects_of(device).size();
  }
  for (std::size_t i = 0; i < getting.size(); ++i) {
    findings.add("manifest", fleet.layers()[i].problems, getting[i]);
  }
  for (std::size_t i = 0; i < having.size(); ++i) {
    findings.add("object", fleet.combinations()[i].problems, having[i]);
  }
  check_recipients(fleet, getting, findings);
  check_city(fleet, findings);
  const city::RuntimeKinds kinds(options.rules);
  check_strays(fleet, check_objects(fleet, kinds, findings), findings);
  result.rendered = fleet.variants().size();
  result.combinations = fleet.combinations().size();
  result.has_inventory = !fleet.cluster().devices.empty();
  for (const auto& device : fleet.devices()) result.devices.push_back(device.id);
  result.retired = static_cast<std::size_t>(std::ranges::count_if(fleet.devices(), &Device::retired));
}

/// What a device that has nothing yet would refuse.
void check_approvals(const std::vector<git::PathApproval>& approvals, LintFindings& findings) {
  for (const auto& one : approvals) {
    if (one.missing() == 0) continue;
    const Place place{.file =
                          std::make_shared<const std::string>(one.rule.path.empty() ? "." : one.rule.path)};
    Problems problems;
    problems.error(place, "the commit " + git::missing_approvals({one}), how_to_approve);
    findings.add("approval", problems);
  }
}

}  // namespace

LintResult lint(const SourceTree& tree, const LintOptions& options) {
  LintResult result;
  LintFindings findings;
  try {
    const render::Fleet fleet(tree, options.labels);
    check_fleet(fleet, options, findings, result);
  } catch (const Error& error) {
    if (error.fault() != Fault::invalid) throw;
    // Nothing could be rendered. Each line of the message is one problem.
    std::string text = error.what();
    for (const auto line : split(text, '\n')) findings.add("city", problem_from(std::string(line)));
  }
  find_secrets(tree, findings);
  check_approvals(options.approvals, findings);
  result.findings = findings.take(tree);
  return result;
}

std::size_t LintResult::count(Severity severity) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      findings, [severity](const LintFinding& finding) { return finding.problem.severity == severity; }));
}

std::string affected_devices(const LintFinding& finding, const LintResult& result) {
  const auto count = finding.devices.size();
  if (count == 0 || !result.has_inventory) return {};
  if (count == result.devices.size()) return fmt::format("all {}", count_of(count, "device"));
  const auto name = [&](auto device) { return printable(result.devices[device]); };
  return fmt::format("{} of {}: {}", count, count_of(result.devices.size(), "device"),
                     listed(finding.devices, most_examples, name));
}

}  // namespace greenwave::cli
