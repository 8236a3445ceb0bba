#include <fmt/format.h>

#include "base/text.h"
#include "text.h"

namespace greenwave::cli {

namespace {

Paint paint_of(state::SyncResult result) {
  using state::SyncResult;
  switch (result) {
    case SyncResult::in_sync:
      return Paint::good;
    case SyncResult::waiting:
    case SyncResult::paused:
    case SyncResult::resumed:
      return Paint::strong;
    case SyncResult::error:
    case SyncResult::unlisted:
    case SyncResult::refused:
    case SyncResult::not_healthy:
    case SyncResult::state_lost:
      return Paint::bad;
    default:
      return Paint::caution;
  }
}

std::string cause_of(const state::SyncRecord& sync) {
  std::string cause(to_string(sync.trigger));
  if (!sync.who.empty()) cause += " by " + printable(sync.who);
  return cause;
}

/// The previous content; only the beginning of a long one.
std::string was_text(const std::string& was, std::size_t width) {
  constexpr std::size_t most_lines = 6;
  const auto lines = split(was, '\n');
  std::string text = "            was: " + wrap(std::string(lines.front()), 17, width) + "\n";
  for (std::size_t i = 1; i < lines.size() && i <= most_lines; ++i) {
    if (i + 1 < lines.size() || !lines[i].empty())
      text += fmt::format("{:17}{}\n", "", printable_lines(lines[i]));
  }
  if (lines.size() > most_lines + 1) {
    text += fmt::format("{:17}… {} more lines: see -o json\n", "", lines.size() - most_lines - 1);
  }
  return text;
}

std::string action_text(const state::Action& action, const Style& style) {
  auto line = fmt::format("    {:<8}{}", action.verb, printable(action.object));
  if (!action.reason.empty()) line += ": " + wrap(action.reason, 12, style.width);
  line += "\n";
  if (!action.was.empty()) line += was_text(action.was, style.width);
  if (!action.ok) {
    line +=
        "            " + paint(style, Paint::bad, "failed: ") + wrap(action.error, 20, style.width) + "\n";
  }
  return line;
}

std::string sync_text(const state::SyncRecord& sync, Time now, const Style& style) {
  auto text = fmt::format("{} {} ({}), {}", paint(style, Paint::strong, fmt::format("#{}", sync.number)),
                          moment(sync.started), relative(sync.started, now), cause_of(sync));
  if (sync.took.count() > 0) text += ", took " + to_words(sync.took);
  text += ": " + paint(style, paint_of(sync.result), std::string(to_string(sync.result))) + "\n";
  if (!sync.commit.empty()) {
    text += fmt::format("    {} {}", short_id(sync.commit), wrap(sync.subject, 15, style.width));
    if (!sync.author.empty()) text += fmt::format(", by {}", printable(sync.author));
    text += "\n";
  }
  if (!sync.signer.empty()) {
    text += fmt::format("    signed by {}, {}\n", printable(sync.signer), printable(sync.signer_key));
  }
  if (!sync.reason.empty()) text += "    now, because: " + wrap(sync.reason, 4, style.width) + "\n";
  if (!sync.error.empty()) text += "    " + wrap(sync.error, 4, style.width) + "\n";
  for (const auto& action : sync.actions) text += action_text(action, style);
  for (const auto& problem : sync.problems) text += "    " + wrap(problem, 8, style.width) + "\n";
  return text;
}

}  // namespace

std::string history_text(const std::vector<state::SyncRecord>& syncs, Time now, const Style& style) {
  if (syncs.empty()) return "No sync has changed anything or failed yet.\n";
  std::string text;
  for (const auto& sync : syncs) text += (text.empty() ? "" : "\n") + sync_text(sync, now, style);
  return text;
}

}  // namespace greenwave::cli
