#include "drivers/kubernetes/preview.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/comparison.h"
#include "drivers/kubernetes/conflict.h"
#include "drivers/kubernetes/reclaim.h"
#include "drivers/kubernetes/recreation.h"
#include "drivers/kubernetes/refusal.h"
#include "drivers/kubernetes/scope.h"
#include "drivers/kubernetes/seen.h"

namespace greenwave::drivers::kubernetes {

namespace {

using Kind = plan::Difference::Kind;

/// How many objects are in memory at once, each of them twice.
constexpr std::size_t most_previews = 64;

constexpr std::size_t fewest_for_a_list = 10;
constexpr int longest_list = 2000;

}  // namespace

struct Preview::Asking {
  const Manifest* manifest;
  const Entry* entry;
  Target target;
  bool describe;
};

void Preview::look(std::span<const Candidate> candidates, const LookOptions& options) {
  std::vector<Asking> probed;
  std::vector<Asking> compared;
  for (const auto& [desired, entry] : candidates) {
    const auto& manifest = desired->manifest;
    auto& found = found_[manifest.id];
    found = {};
    found.difference.kind = Kind::create;
    try {
      const auto resource = server_.discovery.find(manifest.id.api_version, manifest.id.kind);
      if (!resource) continue;  // its definition may come in the same commit
      if (!resource->namespaced) {
        if (auto refusal = refusal_in_cluster(server_.config, manifest.id)) throw std::move(*refusal);
      }
      Asking asking{&manifest, entry, server_.target_of(manifest.id, *resource), options.describe};
      auto record = record_of(asking.target, manifest);
      if (entry != nullptr) {
        const auto before = record_from(entry->record);
        record.uid = before.uid;
        record.version = before.version;
        record.fields = before.fields;
      }
      found.difference.record = to_json(record);
      const bool is_new = entry == nullptr || entry->digest.is_zero();
      const bool is_same = !is_new && entry->digest == manifest.digest;
      if (options.describe || options.distrust || is_same || runs_pods(manifest.id)) {
        compared.push_back(std::move(asking));
      } else if (is_new) {
        probed.push_back(std::move(asking));
      } else {
        found.difference.kind = Kind::change;
      }
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
      found.failure = error;
      if (error.fault() == Fault::transient) server_.away = error;
    }
  }
  probe(std::move(probed));
  for (std::size_t begin = 0; begin < compared.size(); begin += most_previews) {
    const auto end = std::min(compared.size(), begin + most_previews);
    std::vector<Asking> some(compared.begin() + static_cast<std::ptrdiff_t>(begin),
                             compared.begin() + static_cast<std::ptrdiff_t>(end));
    compare(some);
  }
}

/// Finds out only whether they exist.
void Preview::probe(std::vector<Asking> askings) {
  askings = probe_by_list(std::move(askings));
  std::vector<Call> calls;
  for (const auto& asking : askings) {
    calls.push_back({.path = asking.target.path(),
                     .accept = metadata_only,
                     .user = server_.user_in(asking.target.namespace_)});
  }
  const auto answers = server_.send_all(calls, looking_patience);
  for (std::size_t i = 0; i < askings.size(); ++i) {
    const auto& response = answers[i].response;
    if (answers[i].failure || (!response.success() && response.status != 404)) {
      refuse(askings[i], answers[i], "get");
    } else if (response.success()) {
      is_there(askings[i], parse_answer(response.body));
    }
  }
}

void Preview::is_there(const Asking& asking, const nlohmann::json& object) {
  auto& difference = found_[asking.manifest->id].difference;
  difference.kind = Kind::change;
  const auto seen = read_seen(object, server_.owner, server_.digest_key);
  if (!seen.last_manager.empty()) difference.was = fmt::format("last changed by {}\n", seen.last_manager);
}

/// If many of a kind are new in a namespace, one list request shows which of them exist. Returns those that
/// remain open: there were few, or the list was incomplete or forbidden.
std::vector<Preview::Asking> Preview::probe_by_list(std::vector<Asking> askings) {
  std::map<std::string, std::vector<Asking>> groups;
  for (auto& asking : askings) {
    groups[collection_path(asking.target.resource, asking.target.namespace_)].push_back(std::move(asking));
  }
  std::vector<Asking> rest;
  for (auto& [path, group] : groups) {
    if (group.size() < fewest_for_a_list) {
      std::ranges::move(group, std::back_inserter(rest));
      continue;
    }
    const Call call{.path = fmt::format("{}?limit={}", path, longest_list),
                    .accept = metadata_list_only,
                    .user = server_.user_in(group.front().target.namespace_)};
    const auto answer = server_.send_all({&call, 1}, looking_patience).front();
    std::map<std::string, const Asking*> wanted;
    for (const auto& asking : group) wanted.emplace(asking.target.name, &asking);
    bool complete = false;
    if (!answer.failure && answer.response.success()) {
      const auto about = parse_list(answer.response.body, [&](const nlohmann::json& object) {
        const auto found = wanted.find(text_at(object, {"metadata", "name"}));
        if (found == wanted.end()) return;
        is_there(*found->second, object);
        wanted.erase(found);
      });
      complete = text_at(about, {"metadata", "continue"}).empty();
    }
    if (complete) continue;
    for (const auto& [name, asking] : wanted) rest.push_back(*asking);
  }
  return rest;
}

void Preview::compare(std::vector<Asking>& askings) {
  std::vector<Call> calls;
  for (const auto& asking : askings) {
    calls.push_back({.path = asking.target.path(), .user = server_.user_in(asking.target.namespace_)});
    calls.push_back(apply_call(server_, asking.target, *asking.manifest, {.dry_run = true}));
  }
  auto answers = server_.send_all(calls, looking_patience);
  settle_conflicts(askings, answers);
  for (std::size_t i = 0; i < askings.size(); ++i) judge(askings[i], answers[2 * i], answers[2 * i + 1]);
}

/// Asks again in the manner in which they will be applied.
void Preview::settle_conflicts(const std::vector<Asking>& askings, std::vector<http::Answer>& answers) {
  std::vector<Call> calls;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < askings.size(); ++i) {
    const auto& asking = askings[i];
    const auto& answer = answers[2 * i + 1];
    if (answer.failure || answer.response.status != 409) continue;
    const auto* entry = asking.entry;
    const bool is_update =
        entry != nullptr && !entry->digest.is_zero() && entry->digest != asking.manifest->digest;
    auto settlement =
        settle(claims_of(read_status(answer.response.body)), *asking.manifest, is_update, server_.config);
    if (!settlement) continue;
    const Manner manner{.force = settlement->force, .dry_run = true, .left = std::move(settlement->left)};
    calls.push_back(apply_call(server_, asking.target, *asking.manifest, manner));
    places.push_back(2 * i + 1);
  }
  auto second = server_.send_all(calls, looking_patience);
  for (std::size_t i = 0; i < places.size(); ++i) answers[places[i]] = std::move(second[i]);
}

void Preview::judge(const Asking& asking, const http::Answer& live, const http::Answer& wanted) {
  auto& difference = found_[asking.manifest->id].difference;
  if (live.failure || (!live.response.success() && live.response.status != 404))
    return refuse(asking, live, "get");
  const bool is_there = live.response.success();
  if (wanted.failure) return refuse(asking, wanted, "patch");
  const auto present = is_there ? parse_answer(live.response.body) : nlohmann::json();
  const auto seen = read_seen(present, server_.owner, server_.digest_key);
  if (seen.deleting) {
    found_[asking.manifest->id].failure = going_away();
    return;
  }
  difference.kind = is_there ? Kind::change : Kind::create;
  if (!wanted.response.success()) {
    // A namespace may come in the same commit.
    if (is_there || wanted.response.status != 404) judge_refused(asking, present, wanted);
    return;
  }
  const auto applied = parse_answer(wanted.response.body);
  const auto result = compare_objects(present, applied, *asking.manifest);
  if (asking.describe) difference.diff = result.diff;
  difference.was = result.was;
  if (is_there && replaces_pods(present, applied, asking.manifest->id)) {
    difference.disruption = plan::Disruption::whole;
  }
  if (!is_there || !result.equal) return;
  // The values are right, but others own them now and could remove them.
  const auto record = asking.entry != nullptr ? record_from(asking.entry->record) : Record{};
  const bool owned = !seen.fields.empty() && (record.fields.empty() || record.fields == seen.fields);
  if (owned) {
    difference.kind = Kind::none;
  } else {
    difference.was = fmt::format("fields were taken over by {}\n", seen.last_manager);
    if (asking.describe)
      difference.diff = fmt::format("{}: Greenwave takes its fields over\n", to_string(asking.manifest->id));
  }
}

/// What an apply can do about a refusal, it does (mending.cpp).
void Preview::judge_refused(const Asking& asking, const nlohmann::json& present, const http::Answer& wanted) {
  const auto& manifest = *asking.manifest;
  auto& difference = found_[manifest.id].difference;
  const bool is_there = !present.is_null();
  const auto name = to_string(manifest.id);
  if (is_there && wanted.response.status == 422) {
    if (const auto room = reclaim_for(server_, asking.target, manifest, present, wanted.response)) {
      difference.was = fmt::format("{}\n", room->what);
      difference.diff = fmt::format("{}: {} will be removed\n", name, room->what);
      if (runs_pods(manifest.id)) difference.disruption = plan::Disruption::whole;
      return;
    }
  }
  if (is_there && needs_recreation(server_, asking.target, manifest, wanted.response)) {
    difference.disruption = plan::Disruption::whole;
    difference.diff = fmt::format("{}: will be deleted and created again\n", name);
    return;
  }
  refuse(asking, wanted, "patch");
}

void Preview::refuse(const Asking& asking, const http::Answer& answer, std::string_view verb) {
  auto& found = found_[asking.manifest->id];
  if (answer.failure) {
    found.failure = answer.failure;
    return;
  }
  found.failure =
      Error(Fault::invalid, explain(answer.response, {verb, asking.target.resource, asking.target.namespace_,
                                                      asking.target.name, asking.manifest}));
}

std::optional<plan::Difference> Preview::take(const ObjectId& id) {
  const auto at = found_.find(id);
  if (at == found_.end()) return {};
  auto found = std::move(at->second);
  found_.erase(at);
  if (found.failure) throw *found.failure;
  return std::move(found.difference);
}

}  // namespace greenwave::drivers::kubernetes
