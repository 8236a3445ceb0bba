#include "daemon/status.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "daemon/situation.h"
#include "sync/course_record.h"

namespace greenwave::daemon {

namespace {

/// How many records to read for the last sync: pauses are among them.
constexpr std::size_t recent_records = 20;

nlohmann::json to_json(const git::Commit& commit) {
  return {{"oid", commit.id.text()},
          {"subject", commit.subject},
          {"author", commit.author},
          {"time", to_iso(commit.time)}};
}

git::Commit commit_from_json(const nlohmann::json& json) {
  return {.id = CommitId(json.value("oid", "")),
          .subject = json.value("subject", ""),
          .author = json.value("author", ""),
          .time = from_iso(json.value("time", to_iso(Time{})))};
}

sync::Followed followed_from_json(const nlohmann::json& json) {
  return {.wave = json.value("wave", ""),
          .ref = json.value("ref", ""),
          .target = CommitId(json.value("target", "")),
          .is_held = json.value("held", false)};
}

nlohmann::json to_json(const sync::KnownTip& known) {
  const auto& tip = known.tip;
  return {{"repository", tip.repository}, {"ref", tip.ref},
          {"commit", tip.commit.text()},  {"sequence", tip.sequence},
          {"issued", to_iso(tip.issued)}, {"expires", to_iso(tip.expires)},
          {"expired", known.is_expired}};
}

sync::KnownTip tip_from_json(const nlohmann::json& json) {
  return {.tip = {.repository = json.value("repository", ""),
                  .ref = json.value("ref", ""),
                  .commit = CommitId(json.value("commit", "")),
                  .sequence = json.value("sequence", std::uint64_t{0}),
                  .issued = from_iso(json.value("issued", to_iso(Time{}))),
                  .expires = from_iso(json.value("expires", to_iso(Time{})))},
          .is_expired = json.value("expired", false)};
}

nlohmann::json to_json(const sync::OnTrial& trial) {
  return {{"commit", trial.commit.text()},
          {"unwell", trial.unwell},
          {"reverting", trial.reverting},
          {"refused", trial.refused},
          {"ownChange", trial.own_change}};
}

sync::OnTrial trial_from_json(const nlohmann::json& json) {
  return {.commit = CommitId(json.value("commit", "")),
          .unwell = json.value("unwell", ""),
          .reverting = json.value("reverting", false),
          .refused = json.value("refused", std::size_t{0}),
          .own_change = json.value("ownChange", false)};
}

std::optional<Time> time_in(const nlohmann::json& json, const char* key) {
  if (!json.contains(key)) return {};
  return from_iso(json.at(key).get<std::string>());
}

/// What the status comes to.
void add_judgement(nlohmann::json& json, const Status& status) {
  const auto judgement = judge(status);
  json["status"] = to_string(judgement.first());
  json["statuses"] = nlohmann::json::array();
  for (const auto situation : judgement.situations) json["statuses"].push_back(to_string(situation));
  json["exitCode"] = judgement.exit_code;
  json["health"] = to_string(judgement.health);
}

}  // namespace

nlohmann::json to_json(const git::Fetching& fetch) {
  return {{"commit", fetch.commit.text()},      {"since", to_iso(fetch.since)},
          {"tookMs", fetch.took.count()},       {"bytes", fetch.bytes},
          {"bytesPerSecond", fetch.rate},       {"objects", fetch.objects},
          {"objectsAnnounced", fetch.announced}};
}

git::Fetching fetching_from_json(const nlohmann::json& json) {
  return {.commit = CommitId(json.value("commit", "")),
          .since = time_in(json, "since").value_or(Time{}),
          .took = Duration(json.value("tookMs", std::int64_t{0})),
          .bytes = json.value("bytes", std::uint64_t{0}),
          .rate = json.value("bytesPerSecond", std::uint64_t{0}),
          .objects = json.value("objects", std::uint64_t{0}),
          .announced = json.value("objectsAnnounced", std::uint64_t{0})};
}

void stand_at(Status& status, const sync::Standing& standing) {
  status.cluster = standing.cluster;
  status.followed = standing.followed;
  status.unreachable_since = standing.unreachable_since;
  status.commit = standing.commit;
  status.signer = standing.signer;
  status.objects = standing.objects;
  status.in_sync = standing.in_sync;
  status.drifted = standing.repaired;
  status.failed = standing.failed;
  status.problems = standing.problems;
  status.errors = standing.errors;
  status.waiting = standing.waiting;
  status.waiting_why = standing.waiting_why;
  status.waiting_until = standing.waiting_until;
  status.rejected = standing.rejected;
  status.trial = standing.trial;
  status.loss = standing.loss;
}

void recall_last_sync(Status& status, const state::State& state) {
  const auto past = state.history(recent_records);
  const auto last = std::ranges::find_if(past, state::is_sync);
  if (last == past.end()) return;
  status.last_sync = last->started;
  status.last_result = last->result;
  status.last_took = last->took;
  const bool was_done =
      last->result != state::SyncResult::error && last->result != state::SyncResult::unlisted;
  if (!was_done) status.last_error = last->error;
}

nlohmann::json to_json(const Status& status) {
  nlohmann::json json{{"version", status.version},
                      {"device", status.device},
                      {"cluster", status.cluster},
                      {"repository", status.repository},
                      {"branch", status.branch},
                      {"phase", status.phase},
                      {"lastResult", state::to_string(status.last_result)},
                      {"lastTookMs", status.last_took.count()},
                      {"lastError", status.last_error},
                      {"objects", status.objects},
                      {"inSync", status.in_sync},
                      {"drifted", status.drifted},
                      {"problems", status.problems},
                      {"errors", status.errors},
                      {"intervalMs", status.interval.count()},
                      {"stale", status.stale},
                      {"notes", status.notes},
                      {"bytesReceived", status.bytes_received},
                      {"bytesLastSync", status.bytes_last_sync},
                      {"running", status.running}};
  add_judgement(json, status);
  const auto& followed = status.followed;
  json["followed"] = {{"wave", followed.wave},
                      {"ref", followed.ref},
                      {"target", followed.target.text()},
                      {"held", followed.is_held}};
  if (followed.tip) json["signedTip"] = to_json(*followed.tip);
  if (status.commit) json["commit"] = to_json(*status.commit);
  if (status.signer)
    json["signedBy"] = {{"principal", status.signer->principal}, {"key", status.signer->key}};
  if (status.fetch) json["fetch"] = to_json(*status.fetch);
  if (status.last_sync) json["lastSync"] = to_iso(*status.last_sync);
  if (status.unreachable_since) json["unreachableSince"] = to_iso(*status.unreachable_since);
  if (status.next_sync) json["nextSync"] = to_iso(*status.next_sync);
  if (status.last_poll) json["lastPoll"] = to_iso(*status.last_poll);
  if (status.trial) json["trial"] = to_json(*status.trial);
  if (status.loss) json["stateLost"] = {{"when", to_iso(status.loss->when)}, {"why", status.loss->why}};
  if (status.pause) json["pause"] = state::to_json(*status.pause);
  if (status.rejected) json["rejected"] = sync::to_json(*status.rejected);
  if (!status.waiting.empty()) {
    auto& waiting = json["waiting"] = nlohmann::json::array();
    for (const auto& one : status.waiting) waiting.push_back({{"object", one.object}, {"what", one.what}});
    json["waitingWhy"] = status.waiting_why;
    if (status.waiting_until) json["waitingUntil"] = to_iso(*status.waiting_until);
  }
  auto& failed = json["failed"] = nlohmann::json::array();
  for (const auto& one : status.failed) {
    auto& object = failed.emplace_back(nlohmann::json{{"object", one.object}, {"reason", one.reason}});
    if (passes(one.fault)) object["passes"] = true;
    if (one.refused) object["refused"] = true;
    if (one.again) object["again"] = to_iso(*one.again);
  }
  return json;
}

Status status_from_json(const nlohmann::json& json) {
  try {
    Status status;
    status.version = json.value("version", "");
    status.device = json.value("device", "");
    status.cluster = json.value("cluster", "");
    status.repository = json.value("repository", "");
    status.branch = json.value("branch", "");
    if (json.contains("followed")) status.followed = followed_from_json(json.at("followed"));
    if (json.contains("signedTip")) status.followed.tip = tip_from_json(json.at("signedTip"));
    if (json.contains("commit")) status.commit = commit_from_json(json.at("commit"));
    if (const auto signer = json.find("signedBy"); signer != json.end()) {
      status.signer = git::Signer{signer->value("principal", ""), signer->value("key", "")};
    }
    status.phase = json.value("phase", "");
    if (json.contains("fetch")) status.fetch = fetching_from_json(json.at("fetch"));
    status.last_sync = time_in(json, "lastSync");
    status.last_result = state::sync_result_from(json.value("lastResult", ""));
    status.last_took = Duration(json.value("lastTookMs", std::int64_t{0}));
    status.last_error = json.value("lastError", "");
    status.next_sync = time_in(json, "nextSync");
    status.unreachable_since = time_in(json, "unreachableSince");
    status.last_poll = time_in(json, "lastPoll");
    status.interval = Duration(json.value("intervalMs", std::int64_t{0}));
    status.stale = json.value("stale", false);
    status.objects = json.value("objects", std::size_t{0});
    status.in_sync = json.value("inSync", std::size_t{0});
    status.drifted = json.value("drifted", std::size_t{0});
    for (const auto& one : json.value("failed", nlohmann::json::array())) {
      const auto fault = one.value("passes", false) ? Fault::transient : Fault::invalid;
      status.failed.push_back({one.value("object", ""), one.value("reason", ""), fault, time_in(one, "again"),
                               one.value("refused", false)});
    }
    for (const auto& one : json.value("waiting", nlohmann::json::array())) {
      status.waiting.push_back({one.value("object", ""), one.value("what", "")});
    }
    status.waiting_why = json.value("waitingWhy", "");
    status.waiting_until = time_in(json, "waitingUntil");
    if (json.contains("rejected")) status.rejected = sync::rejected_from_json(json.at("rejected"));
    if (json.contains("trial")) status.trial = trial_from_json(json.at("trial"));
    if (const auto loss = json.find("stateLost"); loss != json.end()) {
      status.loss = {.when = from_iso(loss->value("when", "")), .why = loss->value("why", "")};
    }
    status.problems = json.value("problems", std::vector<std::string>{});
    status.errors = json.value("errors", std::size_t{0});
    status.notes = json.value("notes", std::vector<std::string>{});
    if (json.contains("pause")) status.pause = state::pause_from_json(json.at("pause"));
    status.bytes_received = json.value("bytesReceived", std::uint64_t{0});
    status.bytes_last_sync = json.value("bytesLastSync", std::uint64_t{0});
    status.running = json.value("running", true);
    return status;
  } catch (const nlohmann::json::exception& error) {
    throw Error(Fault::invalid, fmt::format("this is not a status: {}", error.what()),
                "are greenwave and greenwaved of the same version?");
  }
}

}  // namespace greenwave::daemon
