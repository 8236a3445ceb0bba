#include "report/report.h"

#include <algorithm>

#include "base/text.h"
#include "daemon/situation.h"
#include "report/condition.h"

namespace greenwave::report {

namespace {

using nlohmann::json;

constexpr std::size_t most_labels = 64;
constexpr std::size_t longest_label = 128;
constexpr std::size_t most_actions = 100;
constexpr std::size_t most_record_bytes = std::size_t{64} * 1024;

/// Of the status, what is sent as it is.
constexpr const char* sent[] = {
    "health",           "statuses",   "commit",       "signedBy",      "objects",    "inSync",
    "drifted",          "errors",     "rejected",     "trial",         "pause",      "stateLost",
    "signedTip",        "waitingWhy", "waitingUntil", "lastSync",      "lastResult", "lastError",
    "unreachableSince", "lastTookMs", "intervalMs",   "bytesReceived", "version"};
/// And the lists, with the name of their length.
constexpr std::pair<const char*, const char*> sent_lists[] = {
    {"failed", "failedTotal"}, {"waiting", "waitingTotal"}, {"problems", nullptr}};

/// What differs between two states that are the same.
constexpr const char* fleeting[] = {"lastSync", "lastTookMs",       "bytesReceived",
                                    "bootedMs", "unreachableSince", "waitingUntil"};

void keep_first(json& list, std::size_t most) {
  if (list.size() > most) list.erase(list.begin() + static_cast<std::ptrdiff_t>(most), list.end());
}

/// Makes every text in it printable and short, and every list as well.
void bound(json& value, std::size_t most) {
  if (value.is_string()) value = in_lines(value.get_ref<const std::string&>(), longest_text);
  if (value.is_array()) keep_first(value, most);
  if (!value.is_structured()) return;
  for (auto& member : value) bound(member, most);
}

void put(json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

void drop_empty(json& object) {
  for (auto member = object.begin(); member != object.end();) {
    const auto& value = *member;
    const bool is_empty = (value.is_string() && value.get_ref<const std::string&>().empty()) ||
                          (value.is_structured() && value.empty());
    member = is_empty ? object.erase(member) : std::next(member);
  }
}

std::string without_digits(std::string text) {
  std::erase_if(text, [](char letter) { return letter >= '0' && letter <= '9'; });
  return text;
}

json labels_of(const Labels& labels) {
  auto all = json::object();
  for (const auto& [key, value] : labels) {
    if (all.size() == most_labels) break;
    all[in_one_line(key, longest_label)] = in_one_line(value, longest_label);
  }
  return all;
}

}  // namespace

json state_of(const daemon::Status& status, const Labels& labels, const BootTime& boot) {
  auto whole = daemon::to_json(status);
  json state{{"condition", to_string(condition_of(status))},
             {"says", sentence(daemon::judge(status).first(), status)},
             {"labels", labels_of(labels)},
             {"bootId", boot.boot},
             {"bootedMs", boot.since.count()}};
  for (const auto* key : sent) {
    if (whole.contains(key)) state[key] = std::move(whole[key]);
  }
  for (const auto& [key, total] : sent_lists) {
    if (!whole.contains(key) || whole[key].empty()) continue;
    if (total != nullptr) state[total] = whole[key].size();
    state[key] = std::move(whole[key]);
  }
  put(state, "wave", status.followed.wave);
  put(state, "ref", status.followed.ref);
  put(state, "target", status.followed.target.text());
  bound(state, most_listed);
  drop_empty(state);
  return state;
}

std::string fingerprint_of(const json& state) {
  auto lasting = state;
  for (const auto* key : fleeting) lasting.erase(key);
  if (lasting.contains("pause")) lasting["pause"].erase("until");
  // A tip is signed again without any news.
  if (lasting.contains("signedTip")) {
    for (const auto* key : {"issued", "expires"}) lasting["signedTip"].erase(key);
  }
  if (lasting.contains("lastError")) lasting["lastError"] = without_digits(lasting["lastError"]);
  if (lasting.contains("failed")) {
    for (auto& one : lasting["failed"]) one.erase("again");
  }
  return text_of(lasting);
}

json record_of(const state::SyncRecord& record) {
  auto kept = record;
  auto& actions = kept.actions;
  const auto total = actions.size();
  std::stable_partition(actions.begin(), actions.end(),
                        [&](const auto& action) { return total > most_actions && !action.ok; });
  actions.resize(std::min(total, most_actions));
  for (auto& action : actions) action.was.clear();
  auto made = state::to_json(kept);
  if (made.contains("arrived")) made["arrived"].erase("from");
  bound(made, most_actions);
  if (made.contains("problems")) keep_first(made["problems"], most_listed);
  while (text_of(made).size() > most_record_bytes) keep_first(made["actions"], made["actions"].size() / 2);
  if (made["actions"].size() < total) made["actionsTotal"] = total;
  return made;
}

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace greenwave::report
