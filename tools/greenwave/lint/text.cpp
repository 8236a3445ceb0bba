#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

#include "context/style.h"
#include "lint/lint.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t indent = 8;

bool is_word(char c) {
  return c != ' ' && c != ':' && c != ',' && c != '{' && c != '}' && c != '[' && c != ']' && c != '=';
}

/// Counts UTF-8 characters.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

std::string_view from_column(std::string_view line, std::uint32_t column) {
  std::size_t at = 0;
  for (std::uint32_t seen = 1; at < line.size(); ++at) {
    if ((line[at] & 0xC0) != 0x80 && seen++ == column) break;
  }
  return line.substr(at);
}

std::string source_text(const LintFinding& finding, const Style& style) {
  if (finding.line.empty()) return {};
  const auto& place = finding.problem.place;
  const auto number = std::to_string(place.line);
  auto text = fmt::format("{} {} {}\n", paint(style, Paint::faint, fmt::format("{:>5}", number)),
                          paint(style, Paint::faint, "|"), finding.line);
  if (place.column == 0) return text;
  const auto rest = from_column(finding.line, place.column);
  const auto word =
      rest.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(rest, is_word) - rest.begin()));
  const auto marks = "^" + std::string(std::max<std::size_t>(characters(word), 1) - 1, '~');
  return text + fmt::format("      {} {}{}\n", paint(style, Paint::faint, "|"),
                            std::string(place.column - 1, ' '), paint(style, Paint::bad, marks));
}

std::string finding_text(const LintFinding& finding, const LintResult& result, const std::string& prefix,
                         const Style& style) {
  const auto& problem = finding.problem;
  const bool is_error = problem.severity == Severity::error;
  auto place = printable(to_string(problem.place));
  if (problem.place.file) place = printable(prefix) + place;
  auto text =
      fmt::format("{}: {} {}\n", paint(style, Paint::strong, place),
                  paint(style, is_error ? Paint::bad : Paint::caution, is_error ? "error:" : "warning:"),
                  printable(problem.message));
  text += source_text(finding, style);
  const std::string blanks(indent, ' ');
  if (!problem.remedy.empty()) text += blanks + wrap(problem.remedy, indent, style.width) + "\n";
  if (const auto who = affected_devices(finding, result); !who.empty()) {
    text += blanks + wrap("on " + who, indent, style.width) + "\n";
  }
  return text;
}

}  // namespace

std::string lint_text(const LintResult& result, const std::string& prefix, const Style& style) {
  std::string text;
  for (const auto& finding : result.findings) text += finding_text(finding, result, prefix, style) + "\n";
  const auto errors = result.count(Severity::error);
  const auto warnings = result.count(Severity::warning);
  const auto found =
      errors + warnings == 0
          ? paint(style, Paint::good, "No problems")
          : fmt::format("{}, {}",
                        paint(style, errors > 0 ? Paint::bad : Paint::strong, count_of(errors, "error")),
                        count_of(warnings, "warning"));
  if (result.devices.empty()) return text + found + ".\n";
  if (!result.has_inventory)
    return text + fmt::format("{} in {}.\n", found, count_of(result.rendered, "object"));
  const auto retired = result.retired == 0 ? "" : fmt::format(" ({} retired)", result.retired);
  return text + fmt::format("{} on {}{} with {}: {} of layers, {} rendered.\n", found,
                            count_of(result.devices.size(), "device"), retired,
                            count_of(result.objects, "object"), count_of(result.combinations, "combination"),
                            count_of(result.rendered, "object"));
}

}  // namespace greenwave::cli
