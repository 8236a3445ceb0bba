#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "text.h"

namespace greenwave::cli {

namespace {

std::string line_text(std::string_view line, const Style& style) {
  // Control characters are escaped for a terminal only: a patch that is redirected must still apply.
  const bool ends_in_cr = line.ends_with('\r');
  std::string text(line);
  if (style.terminal) {
    text = printable_lines(line.substr(0, line.size() - ends_in_cr)) + (ends_in_cr ? "^M" : "");
  }
  if (text.starts_with("+++") || text.starts_with("---")) return paint(style, Paint::strong, text);
  if (text.starts_with("@@")) return paint(style, Paint::place, text);
  if (text.starts_with("+")) return paint(style, Paint::added, text);
  if (text.starts_with("-")) return paint(style, Paint::removed, text);
  return text;
}

std::string change_text(const nlohmann::json& change, const Style& style) {
  auto text = paint(style, Paint::strong,
                    fmt::format("{} {}", change.value("verb", ""), printable(change.value("object", "")))) +
              "\n";
  if (const auto waits = change.value("waits", ""); !waits.empty()) {
    text += paint(style, Paint::caution, "waits") + ": " + printable(waits) + "\n";
  }
  const auto diff = change.value("diff", "");
  if (diff.empty()) return text;
  for (const auto line :
       split(diff.ends_with('\n') ? std::string_view(diff).substr(0, diff.size() - 1) : diff, '\n')) {
    text += line_text(line, style) + "\n";
  }
  return text;
}

/// Why some of the changes would wait, and until when; empty if none does.
std::string waiting_text(const nlohmann::json& diff) {
  const auto why = diff.value("waitingWhy", "");
  if (why.empty()) return {};
  const auto changes = diff.value("changes", nlohmann::json::array());
  const auto count = static_cast<std::size_t>(
      std::ranges::count_if(changes, [](const nlohmann::json& change) { return change.contains("waits"); }));
  auto text = fmt::format("{} of these would wait: {}", count, printable(why));
  const auto until = diff.value("waitingUntil", "");
  return text + (until.empty() ? "\n" : fmt::format(", until {}\n", moment(from_iso(until))));
}

std::string problems_text(const nlohmann::json& diff, const Style& style) {
  const auto problems = diff.value("problems", nlohmann::json::array());
  if (problems.empty()) return {};
  auto text = "\n" + paint(style, Paint::strong, "Problems in the repository") + "\n";
  for (const auto& problem : problems) {
    text +=
        "  " + wrap(problem.is_string() ? problem.get<std::string>() : problem.dump(), 6, style.width) + "\n";
  }
  return text;
}

}  // namespace

std::string change_list_text(const nlohmann::json& diff, const Style& style) {
  std::string text;
  for (const auto& change : diff.at("changes")) text += change_text(change, style) + "\n";
  return (text.empty() ? "Nothing changes for this device.\n" : text) + problems_text(diff, style);
}

std::string diff_text(const nlohmann::json& diff, const Style& style) {
  std::string text;
  std::map<std::string, std::size_t> counts;
  const auto changes = diff.value("changes", nlohmann::json::array());
  for (const auto& change : changes) {
    text += change_text(change, style) + "\n";
    ++counts[change.value("verb", "")];
  }
  const auto commit = short_id(CommitId(diff.value("commit", "")));
  const auto problems = diff.value("problems", nlohmann::json::array());
  if (changes.empty() && !problems.empty()) {
    text += fmt::format(
        "Nothing would change, but these problems keep parts of commit {} from being applied.\n", commit);
  } else if (changes.empty()) {
    text += fmt::format("Nothing would change: the device is in sync with commit {}.\n", commit);
  } else {
    std::string kinds;
    for (const auto& [verb, count] : counts)
      kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", count, verb);
    text += fmt::format("A sync to commit {} would make {}: {}.\n", commit,
                        count_of(changes.size(), "change"), kinds) +
            waiting_text(diff);
  }
  return text + problems_text(diff, style);
}

}  // namespace greenwave::cli
