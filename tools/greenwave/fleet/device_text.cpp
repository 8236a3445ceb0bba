#include <fmt/format.h>

#include "base/text.h"
#include "fleet/devices.h"
#include "fleet/reading.h"
#include "fleet/table.h"

namespace greenwave::fleet {

namespace {

constexpr std::size_t indent = 13;

std::string fact(std::string_view name, const std::string& value, const cli::Style& style) {
  return value.empty() ? "" : fmt::format("  {:<11}{}\n", name, cli::wrap(value, indent, style.width));
}

std::string state_in_words(const nlohmann::json& device, Time now, const cli::Style& style) {
  const auto state = text_in(device, "state");
  auto text = cli::paint(style, paint_of_state(state), state);
  if (const auto since = time_in(device, "since")) text += " since " + cli::relative(*since, now);
  if (state == "not-reporting") {
    const auto last = text_in(device, "lastState");
    text += last.empty() ? "; it has never reported" : "; it was " + last;
  } else {
    text += "; last seen " + ago_in(device, "seen", now);
  }
  if (!flag_in(device, "listed")) text += "; not in the inventory";
  if (flag_in(device, "retired")) text += "; no longer in the inventory";
  return fmt::format("  {:<11}{}\n", "state", text);
}

std::string commit_in_words(const nlohmann::json& device) {
  if (raw_text_in(device, "commit").empty()) return {};
  const auto& commit = map_in(map_in(device, "detail"), "commit");
  auto text = commit_in(device, "commit") + " " + text_in(commit, "subject");
  const auto target = raw_text_in(device, "target");
  if (!target.empty() && target != raw_text_in(device, "commit")) {
    text += fmt::format("; it should run {}", commit_in(device, "target"));
  }
  return text;
}

std::string labels_in_words(const nlohmann::json& device) {
  std::string text;
  for (const auto& [key, value] : map_in(device, "labels").items()) {
    if (!value.is_string()) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", printable(key),
                        printable(value.get_ref<const std::string&>()));
  }
  return text;
}

/// What is wrong, and what waits, as the device says it, with files and lines.
std::string reasons(const nlohmann::json& detail, const cli::Style& style) {
  std::string text;
  const auto item = [&](const std::string& line) {
    if (!line.empty()) text += "    " + cli::wrap(line, 6, style.width) + "\n";
  };
  item(text_in(map_in(detail, "rejected"), "reason"));
  for (const auto& one : list_in(detail, "failed")) {
    item(fmt::format("{}: {}", text_in(one, "object"), text_in(one, "reason")));
  }
  item(text_in(detail, "lastError"));
  for (const auto& problem : list_in(detail, "problems")) {
    if (problem.is_string()) item(printable(problem.get_ref<const std::string&>()));
  }
  for (const auto& one : list_in(detail, "waiting")) {
    item(fmt::format("{} waits: {}", text_in(one, "object"), text_in(detail, "waitingWhy")));
  }
  return text.empty() ? "" : "  reasons\n" + text;
}

std::string moment_in(const nlohmann::json& json, const char* key) {
  const auto time = time_in(json, key);
  return time ? cli::moment(*time) : "-";
}

std::string history(const nlohmann::json& device, const cli::Style& style) {
  Table table({{"HISTORY", 20}, {"STATE", 13}, {"COMMIT", 12}, {"REASON", 29}});
  for (const auto& one : list_in(device, "history")) {
    const auto state = text_in(one, "state");
    table.add({{moment_in(one, "at")},
               {state, paint_of_state(state)},
               {commit_in(one, "commit")},
               {text_in(one, "reason")}});
  }
  return table.empty() ? "" : "\n" + table.text(style);
}

std::string syncs(const nlohmann::json& device, const cli::Style& style) {
  Table table({{"SYNCS", 20}, {"NUMBER", 10}, {"RESULT", 30}, {"COMMIT", 12}});
  for (const auto& one : list_in(device, "syncs")) {
    table.add({{moment_in(one, "started")},
               {fmt::format("#{}", count_in(one, "number"))},
               {text_in(one, "result")},
               {commit_in(one, "commit")}});
  }
  return table.empty() ? "" : "\n" + table.text(style);
}

std::string certificates(const nlohmann::json& device, const cli::Style& style) {
  Table table({{"CERTIFICATE", 44}, {"UNTIL", 20}, {"", 8}});
  for (const auto& one : list_in(device, "certificates")) {
    table.add({{text_in(one, "serial")},
               {moment_in(one, "notAfter")},
               {flag_in(one, "revoked") ? "revoked" : "", cli::Paint::caution}});
  }
  return table.empty() ? "" : "\n" + table.text(style);
}

}  // namespace

std::string device_text(const nlohmann::json& device, Time now, const cli::Style& style) {
  auto text = fmt::format("{}  {}\n", cli::paint(style, cli::Paint::strong, text_in(device, "id")),
                          text_in(device, "name"));
  text += state_in_words(device, now, style);
  text += fact("commit", commit_in_words(device), style);
  text += fact("signed by", text_in(map_in(device, "detail"), "signedBy"), style);
  text += fact("wave", text_in(device, "wave"), style);
  text += fact("version", text_in(device, "version"), style);
  text += fact("labels", labels_in_words(device), style);
  text += reasons(map_in(device, "detail"), style);
  return text + history(device, style) + syncs(device, style) + certificates(device, style);
}

}  // namespace greenwave::fleet
