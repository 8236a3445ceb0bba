#include "state/history.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace greenwave::state {

namespace {

/// Empty texts are left out: most actions have neither an error nor a reason.
void put(nlohmann::json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

nlohmann::json to_json(const Action& action) {
  nlohmann::json json{{"verb", action.verb}, {"object", action.object}, {"ok", action.ok}};
  put(json, "error", action.error);
  put(json, "reason", action.reason);
  put(json, "was", action.was);
  return json;
}

Action action_from_json(const nlohmann::json& json) {
  return {.verb = json.value("verb", ""),
          .object = json.value("object", ""),
          .ok = json.value("ok", true),
          .error = json.value("error", ""),
          .reason = json.value("reason", ""),
          .was = json.value("was", "")};
}

Time time_in(const nlohmann::json& json, const char* key) {
  const auto text = json.value(key, "");
  return text.empty() ? Time{} : from_iso(text);
}

template <typename Read>
auto reading(std::string_view what, Read read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& error) {
    throw Error(Fault::invalid, fmt::format("this is not {}: {}", what, error.what()));
  }
}

}  // namespace

bool is_sync(const SyncRecord& record) {
  return record.trigger != "pause" && record.trigger != "resume";
}

nlohmann::json to_json(const SyncRecord& record) {
  nlohmann::json json{{"number", record.number},
                      {"started", to_iso(record.started)},
                      {"tookMs", record.took.count()},
                      {"trigger", record.trigger},
                      {"result", record.result}};
  put(json, "who", record.who);
  put(json, "reason", record.reason);
  put(json, "commit", record.commit);
  put(json, "subject", record.subject);
  put(json, "author", record.author);
  put(json, "error", record.error);
  auto& actions = json["actions"] = nlohmann::json::array();
  for (const auto& action : record.actions) actions.push_back(to_json(action));
  if (!record.problems.empty()) json["problems"] = record.problems;
  return json;
}

SyncRecord sync_record_from_json(const nlohmann::json& json) {
  return reading("a record of a sync", [&] {
    SyncRecord record;
    record.number = json.value("number", std::int64_t{0});
    record.started = time_in(json, "started");
    record.took = Duration(json.value("tookMs", std::int64_t{0}));
    record.trigger = json.value("trigger", "");
    record.who = json.value("who", "");
    record.reason = json.value("reason", "");
    record.commit = json.value("commit", "");
    record.subject = json.value("subject", "");
    record.author = json.value("author", "");
    record.result = json.value("result", "");
    record.error = json.value("error", "");
    for (const auto& action : json.value("actions", nlohmann::json::array())) {
      record.actions.push_back(action_from_json(action));
    }
    record.problems = json.value("problems", std::vector<std::string>{});
    return record;
  });
}

nlohmann::json to_json(const Pause& pause) {
  return {{"until", to_iso(pause.until)}, {"who", pause.who}, {"reason", pause.reason}};
}

Pause pause_from_json(const nlohmann::json& json) {
  return reading("a pause", [&] {
    return Pause{time_in(json, "until"), json.value("who", ""), json.value("reason", "")};
  });
}

}  // namespace greenwave::state
