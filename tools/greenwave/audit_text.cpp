#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "context/style.h"
#include "text.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t most_objects = 3;

std::string text_in(const nlohmann::json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_string() ? printable(found->get_ref<const std::string&>()) : "";
}

const nlohmann::json& map_in(const nlohmann::json& line, const char* key) {
  static const auto nothing = nlohmann::json::object();
  const auto found = line.find(key);
  return found != line.end() && found->is_object() ? *found : nothing;
}

void add(std::string& text, std::string_view before, const std::string& part) {
  if (!part.empty()) text += std::string(before) + part;
}

/// "update File/motd, restart SystemdUnit/chrony and 12 more".
std::string actions_in(const nlohmann::json& line) {
  const auto found = line.find("actions");
  if (found == line.end() || !found->is_array()) return {};
  std::string text;
  std::size_t shown = 0;
  for (const auto& action : *found) {
    if (shown++ == most_objects) break;
    text += fmt::format("{}{}{} {}", text.empty() ? "" : ", ",
                        action.value("ok", true) ? "" : "failed: ", text_in(action, "verb"),
                        text_in(action, "object"));
  }
  const auto total = line.value("actionsTotal", found->size());
  if (total > most_objects) text += fmt::format(" and {} more", total - most_objects);
  return text;
}

}  // namespace

std::string audit_text(const nlohmann::json& line) {
  const auto& arrived = map_in(line, "arrived");
  const auto event = text_in(line, "event");
  auto text = fmt::format("#{} {} {}", line.value("number", std::int64_t{0}), text_in(line, "at"), event);
  add(text, ": ", event == "interrupted" ? "did not end" : text_in(line, "result"));
  const auto who = text_in(line, "who");
  const auto trigger = text_in(line, "trigger");
  if (!who.empty()) {
    text += fmt::format(", {} by {}", trigger, who);
  } else if (trigger != event) {
    add(text, ", ", trigger);
  }
  if (line.value("forced", false)) text += ", forced";
  if (line.value("atOnce", false)) text += ", outside of windows";
  if (line.value("allowEmpty", false)) text += ", may remove everything";
  add(text, ", commit ", short_id(CommitId(text_in(line, "commit"))));
  add(text, ", signed by ", text_in(map_in(line, "signedBy"), "principal"));
  add(text, ", came by ", text_in(arrived, "by"));
  add(text, " with ", text_in(arrived, "who"));
  add(text, "; ", text_in(line, "reason"));
  add(text, "; ", text_in(line, "error"));
  add(text, "; ", actions_in(line));
  return text + "\n";
}

}  // namespace greenwave::cli
