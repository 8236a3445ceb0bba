#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/version.h"
#include "context/context.h"
#include "lint/lint.h"

namespace greenwave::cli {

namespace {

using nlohmann::ordered_json;

std::string file_of(const LintFinding& finding, const std::string& prefix) {
  return finding.problem.place.file ? prefix + *finding.problem.place.file : std::string();
}

const char* word_for(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

std::string whole_message(const LintFinding& finding, const LintResult& result) {
  auto text = finding.problem.message;
  if (!finding.problem.remedy.empty()) text += "\n" + finding.problem.remedy;
  if (const auto who = affected_devices(finding, result); !who.empty()) text += "\non " + who;
  return text;
}

/// Escapes the data or a property's value of a workflow command
/// (github.com/actions/toolkit, packages/core/src/command.ts).
std::string escaped(std::string_view text, bool property) {
  std::string safe;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    if (special) {
      safe += fmt::format("%{:02X}", static_cast<unsigned>(c));
    } else {
      safe += c;
    }
  }
  return safe;
}

/// What each rule checks.
const std::map<std::string, const char*>& rules() {
  static const std::map<std::string, const char*> all{
      {"city", "greenwave.yaml and the inventory"},
      {"layer", "Which layers devices get"},
      {"selector", "Selectors match devices"},
      {"polygon", "Polygons are closed and contain devices"},
      {"window", "Windows open"},
      {"manifest", "Files can be read as manifests"},
      {"object", "Objects can be rendered from their layers and variables"},
      {"spec", "Specs are valid for the device's drivers"},
      {"field", "Fields mean something to the device's runtime"},
      {"plan", "Objects of one device do not conflict"},
      {"secret", "No secrets in clear text"},
      {"approval", "Enough signers approved what trust.paths guards"},
  };
  return all;
}

}  // namespace

std::string lint_json(const LintResult& result, const std::string& prefix) {
  auto findings = ordered_json::array();
  for (const auto& finding : result.findings) {
    const auto& problem = finding.problem;
    auto devices = ordered_json::array();
    for (const auto device : finding.devices) {
      if (result.has_inventory) devices.push_back(result.devices[device]);
    }
    findings.push_back({{"rule", finding.rule},
                        {"severity", word_for(problem.severity)},
                        {"file", file_of(finding, prefix)},
                        {"line", problem.place.line},
                        {"column", problem.place.column},
                        {"message", problem.message},
                        {"remedy", problem.remedy},
                        {"source", finding.line},
                        {"devices", std::move(devices)}});
  }
  return json_text(ordered_json{{"errors", result.count(Severity::error)},
                                {"warnings", result.count(Severity::warning)},
                                {"devices", result.has_inventory ? result.devices.size() : 0},
                                {"objects", result.objects},
                                {"rendered", result.rendered},
                                {"findings", std::move(findings)}});
}

std::string lint_github(const LintResult& result, const std::string& prefix) {
  std::string text;
  for (const auto& finding : result.findings) {
    const auto& problem = finding.problem;
    std::string properties;
    if (const auto file = file_of(finding, prefix); !file.empty()) {
      properties += "file=" + escaped(file, true);
      if (problem.place.line > 0) properties += fmt::format(",line={}", problem.place.line);
      if (problem.place.column > 0) properties += fmt::format(",col={}", problem.place.column);
      properties += ",";
    }
    text += fmt::format("::{} {}title=greenwave {}::{}\n", word_for(problem.severity), properties,
                        finding.rule, escaped(printable_lines(whole_message(finding, result)), false));
  }
  return text;
}

std::string lint_sarif(const LintResult& result, const std::string& prefix) {
  auto descriptors = ordered_json::array();
  for (const auto& [id, about] : rules()) {
    descriptors.push_back({{"id", id}, {"shortDescription", {{"text", about}}}});
  }
  auto results = ordered_json::array();
  for (const auto& finding : result.findings) {
    const auto& place = finding.problem.place;
    ordered_json entry{{"ruleId", finding.rule},
                       {"level", word_for(finding.problem.severity)},
                       {"message", {{"text", whole_message(finding, result)}}}};
    if (place.file) {
      ordered_json physical{{"artifactLocation", {{"uri", file_of(finding, prefix)}}}};
      if (place.line > 0) physical["region"]["startLine"] = place.line;
      if (place.line > 0 && place.column > 0) physical["region"]["startColumn"] = place.column;
      entry["locations"] = ordered_json::array({{{"physicalLocation", std::move(physical)}}});
    }
    results.push_back(std::move(entry));
  }
  ordered_json driver{{"name", "greenwave"},
                      {"informationUri", "https://greenwave.dev"},
                      {"version", program_version},
                      {"rules", std::move(descriptors)}};
  ordered_json run{{"tool", {{"driver", std::move(driver)}}},
                   {"columnKind", "unicodeCodePoints"},
                   {"results", std::move(results)}};
  return json_text(ordered_json{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                                {"version", "2.1.0"},
                                {"runs", ordered_json::array({std::move(run)})}});
}

}  // namespace greenwave::cli
