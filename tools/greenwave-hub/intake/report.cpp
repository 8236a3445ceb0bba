#include "intake/report.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "config/device_id.h"
#include "report/condition.h"

namespace greenwave::hub {

namespace {

using Json = nlohmann::json;

constexpr std::size_t most_text = 500;
constexpr std::size_t most_elements = 64;
constexpr int most_depth = 5;

constexpr std::array<std::string_view, 4> healths{"healthy", "progressing", "failed", "reverted"};

/// What of a state is kept, as greenwave(1) describes it.
constexpr std::array<const char*, 28> kept{
    "condition", "health",    "statuses",         "says",       "commit",       "signedBy",    "target",
    "wave",      "ref",       "objects",          "inSync",     "failed",       "failedTotal", "problems",
    "errors",    "waiting",   "waitingTotal",     "waitingWhy", "waitingUntil", "rejected",    "trial",
    "pause",     "stateLost", "unreachableSince", "lastError",  "intervalMs",   "version",     "labels"};
/// What is kept too, and does not make it another state.
constexpr std::array<const char*, 7> passing{"drifted",       "lastSync", "lastResult", "lastTookMs",
                                             "bytesReceived", "bootId",   "signedTip"};

[[noreturn]] void refuse(std::string_view member, std::string_view expected) {
  throw Error(Fault::invalid, fmt::format("{} is not {}", member, expected),
              "a report has the form that greenwave-hub(8) describes");
}

/// As PostgreSQL takes it, and as people may read it: texts of one line, no depth without an end.
Json clean(const Json& json, int depth) {
  if (json.is_string()) return in_one_line(json.get_ref<const std::string&>(), most_text);
  if (json.is_number() || json.is_boolean()) return json;
  if (depth == most_depth || json.is_null()) return nullptr;
  auto result = json.is_array() ? Json::array() : Json::object();
  std::size_t count = 0;
  for (const auto& [key, value] : json.items()) {
    if (++count > most_elements) break;
    auto element = clean(value, depth + 1);
    if (element.is_null()) continue;
    if (json.is_array()) {
      result.push_back(std::move(element));
    } else {
      result[in_one_line(key, most_text)] = std::move(element);
    }
  }
  return result;
}

std::string text_in(const Json& json, const char* key) {
  const auto member = json.find(key);
  if (member == json.end()) return {};
  if (!member->is_string()) refuse(key, "a text");
  return in_one_line(member->get_ref<const std::string&>(), most_text);
}

std::int64_t number_in(const Json& json, const char* key) {
  const auto member = json.find(key);
  constexpr std::int64_t most = std::int64_t{1} << 53;
  if (member == json.end() || !member->is_number_integer() || member->is_number_float())
    refuse(key, "a whole number");
  const auto value = member->get<std::int64_t>();
  if (value < 0 || value > most) refuse(key, "a whole number from 0 to 2^53");
  return value;
}

Time time_in(const Json& json, const char* key) {
  const auto written = text_in(json, key);
  try {
    return from_iso(written);
  } catch (const Error&) {
    refuse(key, "a time such as 2026-11-24T06:11:50Z");
  }
}

template <std::size_t size>
std::string word_in(const Json& json, const char* key, const std::array<std::string_view, size>& words) {
  auto word = text_in(json, key);
  if (std::ranges::find(words, word) == words.end())
    refuse(key, fmt::format("one of {}", fmt::join(words, ", ")));
  return word;
}

/// Only a hub says that a device does not report.
std::string condition_in(const Json& json) {
  auto word = text_in(json, "condition");
  const auto condition = report::condition_from(word);
  if (!condition || condition == report::Condition::not_reporting) {
    refuse("condition", fmt::format("one of {}", fmt::join(report::condition_words().subspan(1), ", ")));
  }
  return word;
}

std::string commit_in(const Json& json, const char* key) {
  auto commit = text_in(json, key);
  const bool hex =
      std::ranges::all_of(commit, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (!commit.empty() && (commit.size() != 40 || !hex)) refuse(key, "a commit's id of 40 hexadecimal digits");
  return commit;
}

std::string member_of_first(const Json& list, const char* key) {
  const auto& first = list.front();
  return first.is_object() && first.contains(key) && first[key].is_string() ? first[key].get<std::string>()
                                                                            : "";
}

/// The first cause of the trouble, without the object's name where the reason has one of its own: devices
/// with the same trouble have the same.
std::string reason_of(const Json& state) {
  if (const auto rejected = state.find("rejected"); rejected != state.end() && rejected->is_object()) {
    if (auto reason = text_in(*rejected, "reason"); !reason.empty()) return reason;
  }
  if (const auto failed = state.find("failed");
      failed != state.end() && failed->is_array() && !failed->empty()) {
    const auto object = member_of_first(*failed, "object");
    const auto reason = member_of_first(*failed, "reason");
    return object.empty() ? reason : fmt::format("{}: {}", object, reason);
  }
  if (auto error = text_in(state, "lastError"); !error.empty()) return error;
  const auto problems = state.find("problems");
  if (problems != state.end() && problems->is_array() && !problems->empty() &&
      problems->front().is_string()) {
    return problems->front().get<std::string>();
  }
  return text_in(state, "waitingWhy");
}

std::int64_t fingerprint_of(const Json& lasting) {
  const auto digest = sha256(lasting.dump());
  std::int64_t number = 0;
  std::memcpy(&number, digest.bytes.data(), sizeof number);
  return number;
}

DeviceState read_state(const Json& json) {
  if (!json.is_object()) refuse("state", "an object");
  DeviceState state;
  state.condition = condition_in(json);
  state.health = word_in(json, "health", healths);
  if (const auto commit = json.find("commit"); commit != json.end()) {
    if (!commit->is_object()) refuse("commit", "an object");
    state.commit = commit_in(*commit, "oid");
  }
  state.target = commit_in(json, "target");
  state.wave = text_in(json, "wave");
  state.version = text_in(json, "version");
  auto detail = Json::object();
  const auto keep = [&](const char* key) {
    const auto member = json.find(key);
    if (member == json.end()) return;
    auto value = clean(*member, 0);
    if (!value.is_null()) detail[key] = std::move(value);
  };
  for (const auto* key : kept) keep(key);
  state.reason = reason_of(detail);
  state.fingerprint = fingerprint_of(detail);
  for (const auto* key : passing) keep(key);
  state.detail = detail.dump();
  return state;
}

SyncTold read_sync(const Json& json) {
  if (!json.is_object()) refuse("syncs", "a list of objects");
  return {.number = number_in(json, "number"),
          .started = time_in(json, "started"),
          .result = text_in(json, "result"),
          .commit = commit_in(json, "commit"),
          .body = clean(json, 0).dump()};
}

}  // namespace

Report read_report(std::string_view text) {
  if (text.size() > most_report_bytes) {
    throw Error(Fault::invalid,
                fmt::format("the report is larger than {}", bytes_in_words(most_report_bytes)));
  }
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) throw Error(Fault::invalid, "the report is not a JSON object");
  Report report;
  report.device = text_in(json, "device");
  if (!config::is_device_id(report.device)) refuse("device", "a device's id");
  report.boot = number_in(json, "boot");
  report.sequence = number_in(json, "sequence");
  report.clock = time_in(json, "at");
  if (const auto state = json.find("state"); state != json.end()) report.state = read_state(*state);
  if (const auto syncs = json.find("syncs"); syncs != json.end()) {
    if (!syncs->is_array() || syncs->size() > most_syncs)
      refuse("syncs", fmt::format("a list of at most {}", most_syncs));
    for (const auto& one : *syncs) report.syncs.push_back(read_sync(one));
  }
  return report;
}

}  // namespace greenwave::hub
