#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "doctor/checks.h"

namespace greenwave::cli {

namespace {

struct Name {
  const char* word;
  Paint paint;
};

Name name_of(CheckResult result) {
  switch (result) {
    case CheckResult::ok:
      return {"ok", Paint::good};
    case CheckResult::warning:
      return {"warning", Paint::caution};
    case CheckResult::failed:
      return {"failed", Paint::bad};
  }
  return {"failed", Paint::bad};
}

std::size_t count(const Findings& findings, CheckResult result) {
  return static_cast<std::size_t>(std::ranges::count(findings, result, &Finding::result));
}

}  // namespace

std::string findings_text(const Findings& findings, const Style& style) {
  constexpr std::size_t indent = 24;
  std::string text;
  for (const auto& finding : findings) {
    const auto name = name_of(finding.result);
    text += fmt::format("{}{:<14}{}\n", paint(style, name.paint, fmt::format("{:<10}", name.word)),
                        finding.check, wrap(finding.text, indent, style.width));
    if (!finding.remedy.empty()) {
      text += std::string(indent - 3, ' ') + "-> " + wrap(finding.remedy, indent, style.width) + "\n";
    }
  }
  const auto failed = count(findings, CheckResult::failed);
  const auto warnings = count(findings, CheckResult::warning);
  text += failed + warnings == 0 ? "\nAll is well.\n"
                                 : fmt::format("\n{} failed, {}.\n", failed, count_of(warnings, "warning"));
  return text;
}

nlohmann::json to_json(const Findings& findings) {
  auto checks = nlohmann::json::array();
  for (const auto& finding : findings) {
    checks.push_back({{"check", finding.check},
                      {"result", name_of(finding.result).word},
                      {"text", finding.text},
                      {"remedy", finding.remedy}});
  }
  return {{"ok", !has_failed(findings)}, {"checks", std::move(checks)}};
}

bool has_failed(const Findings& findings) {
  return count(findings, CheckResult::failed) > 0;
}

}  // namespace greenwave::cli
