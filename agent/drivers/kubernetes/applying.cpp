#include "drivers/kubernetes/applying.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/text.h"
#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/conflict.h"
#include "drivers/kubernetes/handover.h"
#include "drivers/kubernetes/health.h"
#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/refusal.h"
#include "drivers/kubernetes/scope.h"
#include "drivers/kubernetes/seen.h"

namespace greenwave::drivers::kubernetes {

namespace {

constexpr auto pause = std::chrono::milliseconds(200);
constexpr auto longest_establishing = std::chrono::seconds(30);
constexpr auto longest_serving = std::chrono::seconds(10);

using SteadyClock = std::chrono::steady_clock;

std::string missing_kind(const ObjectId& id) {
  const auto group = group_of(id.api_version);
  if (group.find('.') == std::string_view::npos || group.ends_with(".k8s.io")) {
    return fmt::format("the server has no kind {} in {}; fix the apiVersion, or use a server that has it",
                       id.kind, id.api_version);
  }
  return fmt::format(
      "the server has no kind {} in {}: its CustomResourceDefinition (of group {}) is missing, or does "
      "not serve that version; declare it in the repository, or install the software that defines it",
      id.kind, id.api_version, group);
}

/// Each is `299 - "text"`.
void add_warnings(const http::Response& response, const Manifest& manifest, std::vector<std::string>& notes) {
  if (manifest.sensitive || is_secret(manifest.id)) return;
  for (const auto& warning : response.warnings) {
    const auto begin = warning.find('"');
    const auto end = warning.rfind('"');
    if (begin == std::string::npos || end <= begin) continue;
    auto note = "warning: " + printable(std::string_view(warning).substr(begin + 1, end - begin - 1));
    if (!contains(notes, note)) notes.push_back(std::move(note));
  }
}

}  // namespace

void Applying::run(std::span<const plan::Step* const> steps, const ReportStep& report) {
  std::vector<Work> works;
  for (const auto* step : steps) works.push_back({.step = step});
  try {
    resolve(works);
    hand_over(works);
    std::vector<Work*> open;
    for (auto& work : works) {
      if (!work.done) open.push_back(&work);
    }
    send(open);
    take_leftovers(works);
    wait_until_established(works);
  } catch (const Error& error) {
    // The request may have arrived: the entry's state stays unknown.
    for (auto& work : works) {
      if (!work.done) fail(work, error.fault(), error.what());
    }
  }
  for (auto& work : works) {
    if (work.outcome.ok) work.outcome.note = fmt::format("{}", fmt::join(work.notes, ", "));
    report(*work.step, std::move(work.outcome));
  }
}

bool Applying::resolve_all(std::vector<Work>& works) {
  bool all = true;
  for (auto& work : works) {
    if (!work.target.name.empty()) continue;
    const auto& id = work.step->id;
    const auto resource = server_.discovery.find(id.api_version, id.kind);
    if (resource) work.target = server_.target_of(id, *resource);
    if (resource && !resource->namespaced) {
      const auto refusal = refusal_in_cluster(server_.config, id);
      if (refusal) fail(work, refusal->fault(), refusal->what());
    }
    all = all && resource;
  }
  return all;
}

void Applying::resolve(std::vector<Work>& works) {
  if (resolve_all(works)) return;
  const auto deadline = SteadyClock::now() + (brought_kinds_ ? Duration(longest_serving) : Duration::zero());
  for (;;) {
    server_.discovery.forget();
    if (resolve_all(works)) return;
    if (SteadyClock::now() >= deadline) break;
    std::this_thread::sleep_for(pause);
    while_waiting_();
  }
  for (auto& work : works) {
    if (work.target.name.empty()) fail(work, Fault::invalid, missing_kind(work.step->id));
  }
}

Call Applying::look_at(const Work& work) const {
  return {
      .path = work.target.path(), .accept = metadata_only, .user = server_.user_in(work.target.namespace_)};
}

/// Fields that other tools applied before, or we under another name, would stay when a manifest drops them.
void Applying::hand_over(std::vector<Work>& works) {
  std::vector<Work*> adopted;
  std::vector<Call> calls;
  std::vector<Record> records;
  for (auto& work : works) {
    if (work.done) continue;
    const auto* entry = work.step->entry;
    auto record = entry != nullptr ? record_from(entry->record) : Record{};
    if (work.step->verb != plan::Verb::adopt && !had_other_name(record, server_.owner)) continue;
    adopted.push_back(&work);
    records.push_back(std::move(record));
    calls.push_back(look_at(work));
  }
  const auto answers = server_.send_all(calls, changing_patience);
  std::vector<Call> patches;
  for (std::size_t i = 0; i < adopted.size(); ++i) {
    if (answers[i].failure || !answers[i].response.success()) continue;
    const auto object = parse_answer(answers[i].response.body);
    const auto patch = handover_patch(object, adopted[i]->step->id, server_.owner,
                                      when_adopting(server_.config, object, server_.owner, records[i]));
    if (patch) patches.push_back(managers_call(calls[i], *patch));
  }
  // If this fails because the object has changed, the apply goes on, and the old fields remain the others'.
  server_.send_all(patches, changing_patience);
}

void Applying::send(std::vector<Work*> works) {
  if (works.empty()) return;
  std::vector<Call> calls;
  for (const auto* work : works) {
    calls.push_back(apply_call(server_, work->target, work->step->desired->manifest, work->manner));
  }
  const auto answers = server_.send_all(calls, changing_patience);
  std::vector<Work*> again;
  for (std::size_t i = 0; i < works.size(); ++i) {
    if (settle_conflict(*works[i], answers[i])) {
      again.push_back(works[i]);
    } else {
      take(*works[i], answers[i]);
    }
  }
  send(again);
}

/// Whether to send it again, in another manner.
bool Applying::settle_conflict(Work& work, const http::Answer& answer) const {
  if (work.settled || answer.failure || answer.response.status != 409) return false;
  const bool is_update = work.step->verb == plan::Verb::update;
  const auto claims = claims_of(read_status(answer.response.body));
  auto settlement = settle(claims, work.step->desired->manifest, is_update, server_.config);
  if (!settlement) return false;
  work.settled = true;
  work.manner.force = settlement->force;
  work.manner.left = std::move(settlement->left);
  work.notes.push_back(std::move(settlement->note));
  return true;
}

void Applying::take(Work& work, const http::Answer& answer) {
  if (!answer.failure && answer.response.success()) return succeed(work, answer.response);
  if (!answer.failure && mend(work, answer.response)) return;
  refuse(work, answer, "patch");
}

/// What people have applied by kubectl beside us would stay when a manifest drops it.
void Applying::take_leftovers(std::vector<Work>& works) {
  std::vector<Work*> left;
  std::vector<Call> patches;
  for (auto& work : works) {
    if (!work.outcome.ok || work.leftover.empty()) continue;
    left.push_back(&work);
    patches.push_back(managers_call(look_at(work), work.leftover));
  }
  if (left.empty()) return;
  const auto answers = server_.send_all(patches, changing_patience);
  std::vector<Work*> again;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (answers[i].failure || !answers[i].response.success()) continue;
    left[i]->outcome = {};
    left[i]->done = false;
    again.push_back(left[i]);
  }
  send(again);
}

void Applying::succeed(Work& work, const http::Response& response) {
  const auto& manifest = work.step->desired->manifest;
  auto record = record_of(work.target, manifest);
  const auto object = parse_answer(response.body);
  const auto seen = read_seen(object, server_.owner, server_.digest_key);
  if (seen.deleting) {
    const auto error = going_away();
    return fail(work, error.fault(), error.what());
  }
  record.uid = seen.uid;
  record.version = seen.version;
  record.fields = seen.fields;
  record.manager = server_.owner.manager;
  work.outcome.ok = true;
  work.outcome.entry.record = to_json(record);
  work.outcome.entry.live = is_workload(manifest.id);
  work.leftover = handover_patch(object, manifest.id, server_.owner, when_ours(server_.config)).value_or("");
  add_warnings(response, manifest, work.notes);
  work.done = true;
}

void Applying::fail(Work& work, Fault fault, std::string why) {
  work.outcome.ok = false;
  work.outcome.error = std::move(why);
  work.outcome.fault = fault;
  work.outcome.entry.live = is_workload(work.step->id);
  work.done = true;
}

void Applying::refuse(Work& work, const http::Answer& answer, std::string_view verb) const {
  if (answer.failure) return fail(work, answer.failure->fault(), answer.failure->what());
  const auto& target = work.target;
  const Asked asked{verb, target.resource, target.namespace_, target.name, &work.step->desired->manifest};
  fail(work, fault_of(answer.response, names_version(*asked.manifest)), explain(answer.response, asked));
}

/// The server serves a new kind only some moments after its definition was applied.
void Applying::wait_until_established(std::vector<Work>& works) {
  const auto deadline = SteadyClock::now() + longest_establishing;
  for (auto& work : works) {
    if (!is_definition(work.step->id) || !work.outcome.ok) continue;
    brought_kinds_ = true;
    server_.discovery.forget();
    const Call call{.path = work.target.path()};
    for (;;) {
      const auto answer = server_.send_all({&call, 1}, changing_patience).front();
      const auto health = answer.failure || !answer.response.success()
                              ? Health{Health::State::waiting, "it is not there"}
                              : judge(parse_answer(answer.response.body));
      if (health.state == Health::State::good) break;
      if (health.state == Health::State::bad || SteadyClock::now() >= deadline) {
        fail(work, health.state == Health::State::bad ? Fault::invalid : Fault::transient, health.reason);
        break;
      }
      std::this_thread::sleep_for(pause);
      while_waiting_();
    }
  }
}

}  // namespace greenwave::drivers::kubernetes
