#include "state/history.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "state/reading.h"

namespace greenwave::state {

namespace {

template <typename Value>
using Word = std::pair<Value, std::string_view>;

constexpr std::array<Word<Trigger>, 11> trigger_words{{{Trigger::once, "once"},
                                                       {Trigger::interval, "interval"},
                                                       {Trigger::request, "request"},
                                                       {Trigger::bundle, "bundle"},
                                                       {Trigger::window, "window"},
                                                       {Trigger::retry, "retry"},
                                                       {Trigger::revert, "revert"},
                                                       {Trigger::pause, "pause"},
                                                       {Trigger::resume, "resume"},
                                                       {Trigger::damage, "damage"},
                                                       {Trigger::trust, "trust"}}};

constexpr std::array<Word<SyncResult>, 12> result_words{{{SyncResult::in_sync, "in sync"},
                                                         {SyncResult::waiting, "waiting"},
                                                         {SyncResult::held, "held"},
                                                         {SyncResult::failed, "failed"},
                                                         {SyncResult::refused, "refused"},
                                                         {SyncResult::not_healthy, "not healthy"},
                                                         {SyncResult::reverted, "reverted"},
                                                         {SyncResult::error, "error"},
                                                         {SyncResult::unlisted, "not in inventory"},
                                                         {SyncResult::paused, "paused"},
                                                         {SyncResult::resumed, "resumed"},
                                                         {SyncResult::state_lost, "state lost"}}};

template <typename Words, typename Value>
std::string_view word_of(const Words& words, Value value) {
  const auto found = std::ranges::find(words, value, &Word<Value>::first);
  return found == words.end() ? std::string_view() : found->second;
}

template <typename Value, std::size_t size>
Value value_of(const std::array<Word<Value>, size>& words, std::string_view text) {
  const auto found = std::ranges::find(words, text, &Word<Value>::second);
  return found == words.end() ? Value::unknown : found->first;
}

/// Leaves out empty texts: most actions have neither an error nor a reason.
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

}  // namespace

std::string_view to_string(Trigger trigger) {
  return word_of(trigger_words, trigger);
}

std::string_view to_string(SyncResult result) {
  return word_of(result_words, result);
}

Trigger trigger_from(std::string_view text) {
  return value_of(trigger_words, text);
}

SyncResult sync_result_from(std::string_view text) {
  return value_of(result_words, text);
}

bool is_sync(const SyncRecord& record) {
  return record.trigger != Trigger::pause && record.trigger != Trigger::resume &&
         record.trigger != Trigger::damage && record.trigger != Trigger::trust;
}

nlohmann::json to_json(const Arrived& arrived) {
  nlohmann::json json{{"by", arrived.by}, {"from", arrived.from}, {"at", to_iso(arrived.at)}};
  put(json, "who", arrived.who);
  return json;
}

Arrived arrived_from_json(const nlohmann::json& json) {
  return reading("how a commit arrived", [&] {
    return Arrived{.by = json.value("by", ""),
                   .from = json.value("from", ""),
                   .who = json.value("who", ""),
                   .at = time_in(json, "at")};
  });
}

nlohmann::json to_json(const SyncRecord& record) {
  nlohmann::json json{{"number", record.number},
                      {"started", to_iso(record.started)},
                      {"tookMs", record.took.count()},
                      {"trigger", to_string(record.trigger)},
                      {"result", to_string(record.result)}};
  put(json, "who", record.who);
  put(json, "reason", record.reason);
  if (record.forced) json["forced"] = true;
  if (record.at_once) json["atOnce"] = true;
  if (record.may_empty) json["allowEmpty"] = true;
  put(json, "commit", record.commit.text());
  if (!record.arrived.by.empty()) json["arrived"] = to_json(record.arrived);
  put(json, "subject", record.subject);
  put(json, "author", record.author);
  if (!record.signer.empty()) json["signedBy"] = {{"principal", record.signer}, {"key", record.signer_key}};
  put(json, "error", record.error);
  auto& actions = json["actions"] = nlohmann::json::array();
  for (const auto& action : record.actions) actions.push_back(to_json(action));
  if (!record.problems.empty()) json["problems"] = record.problems;
  if (record.errors > 0) json["errors"] = record.errors;
  return json;
}

SyncRecord sync_record_from_json(const nlohmann::json& json) {
  return reading("a record of a sync", [&] {
    SyncRecord record;
    record.number = json.value("number", std::int64_t{0});
    record.started = time_in(json, "started");
    record.took = Duration(json.value("tookMs", std::int64_t{0}));
    record.trigger = trigger_from(json.value("trigger", ""));
    record.who = json.value("who", "");
    record.reason = json.value("reason", "");
    record.forced = json.value("forced", false);
    record.at_once = json.value("atOnce", false);
    record.may_empty = json.value("allowEmpty", false);
    record.commit = CommitId(json.value("commit", ""));
    if (const auto arrived = json.find("arrived"); arrived != json.end()) {
      record.arrived = arrived_from_json(*arrived);
    }
    record.subject = json.value("subject", "");
    record.author = json.value("author", "");
    if (const auto signer = json.find("signedBy"); signer != json.end()) {
      record.signer = signer->value("principal", "");
      record.signer_key = signer->value("key", "");
    }
    record.result = sync_result_from(json.value("result", ""));
    record.error = json.value("error", "");
    for (const auto& action : json.value("actions", nlohmann::json::array())) {
      record.actions.push_back(action_from_json(action));
    }
    record.problems = json.value("problems", std::vector<std::string>{});
    record.errors = json.value("errors", std::size_t{0});
    return record;
  });
}

}  // namespace greenwave::state
