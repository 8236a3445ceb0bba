#include "lint/findings.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/text.h"
#include "lint/secrets.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t most_line = 200;
constexpr std::size_t most_file = 64 << 20;

std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (std::uint32_t line = 1; line < number; ++line) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

/// The part of a long line around the column. What is left of one can look like a secret that the whole did
/// not.
std::string shown_line(std::string_view line, std::uint32_t& column) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  auto text = printable(without_secrets(line));
  if (text.size() <= most_line) return without_secrets(text);
  const std::size_t from = column > most_line / 2 ? column - most_line / 2 : 0;
  if (from >= text.size() || !is_text(text)) return {};
  column -= static_cast<std::uint32_t>(from);
  return without_secrets(printable(text.substr(from, most_line)));
}

bool take_number(std::string_view& text, std::uint32_t& number) {
  if (!text.starts_with(':')) return false;
  const auto end = text.find(':', 1);
  if (end == std::string_view::npos) return false;
  const auto [at, error] = std::from_chars(text.data() + 1, text.data() + end, number);
  if (error != std::errc() || at != text.data() + end) return false;
  text.remove_prefix(end);
  return true;
}

}  // namespace

Problem problem_from(const std::string& line) {
  Problem problem;
  const auto colon = line.find(':');
  std::string_view rest = line;
  if (colon != std::string::npos && line.find(' ') > colon) {
    rest.remove_prefix(colon);
    if (take_number(rest, problem.place.line)) take_number(rest, problem.place.column);
    if (problem.place.line > 0 || rest.starts_with(": ")) {
      problem.place.file = std::make_shared<const std::string>(line.substr(0, colon));
      rest.remove_prefix(rest.starts_with(": error: ") ? 9 : 2);
    } else {
      rest = line;
    }
  }
  const auto remedy = rest.find("; ");
  problem.message = rest.substr(0, remedy);
  if (remedy != std::string_view::npos) problem.remedy = rest.substr(remedy + 2);
  return problem;
}

void LintFindings::add(std::string_view rule, const Problem& problem, std::optional<std::uint32_t> device) {
  const auto& place = problem.place;
  Key key{place.file ? *place.file : "", place.line, place.column, problem.message};
  auto& finding =
      findings_
          .try_emplace(std::move(key),
                       LintFinding{.rule = std::string(rule), .problem = problem, .devices = {}, .line = {}})
          .first->second;
  if (device) {
    finding.devices.push_back(*device);
  } else {
    finding.general = true;
  }
}

void LintFindings::add(std::string_view rule, const Problems& problems, std::optional<std::uint32_t> device) {
  for (const auto& problem : problems.list()) add(rule, problem, device);
}

void LintFindings::add(std::string_view rule, const Problems& problems,
                       const std::vector<std::uint32_t>& devices) {
  for (const auto& problem : problems.list()) {
    for (const auto device : devices) add(rule, problem, device);
  }
}

std::vector<LintFinding> LintFindings::take(const SourceTree& tree) {
  std::vector<LintFinding> list;
  list.reserve(findings_.size());
  std::string file;
  std::string text;
  for (auto& [key, finding] : findings_) {
    auto& devices = finding.devices;
    if (finding.general) devices.clear();
    std::ranges::sort(devices);
    devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
    auto& place = finding.problem.place;
    if (place.file && *place.file != file) {
      file = *place.file;
      try {
        text = tree.read(file, most_file);
      } catch (const Error&) {
        text.clear();  // the finding itself says what is wrong with the file
      }
    }
    std::uint32_t column = place.column;
    if (place.file && place.line > 0) finding.line = shown_line(line_of(text, place.line), column);
    if (column != place.column) finding.line.clear();
    list.push_back(std::move(finding));
  }
  findings_.clear();
  return list;
}

}  // namespace greenwave::cli
