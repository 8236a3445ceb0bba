#include "drivers/kubernetes/applying.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/handover.h"
#include "drivers/kubernetes/health.h"
#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/recreation.h"
#include "drivers/kubernetes/refusal.h"
#include "drivers/kubernetes/scope.h"
#include "drivers/kubernetes/seen.h"
#include "model/annotations.h"

namespace greenwave::drivers::kubernetes {

namespace {

constexpr auto pause = std::chrono::milliseconds(200);
constexpr auto longest_establishing = std::chrono::seconds(30);
constexpr auto longest_serving = std::chrono::seconds(10);
constexpr auto longest_deletion = std::chrono::seconds(60);

using SteadyClock = std::chrono::steady_clock;

std::string join(const std::vector<Claim>& claims) {
  std::string text;
  for (const auto& claim : claims)
    text += fmt::format("{}{} from {}", text.empty() ? "" : ", ", claim.field, claim.manager);
  return text;
}

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
    send(open, false);
    wait_until_established(works);
  } catch (const Error& error) {
    // The request may have arrived: the entry's state stays unknown.
    for (auto& work : works) {
      if (!work.done) fail(work, error.fault(), error.what());
    }
  }
  for (auto& work : works) {
    if (!work.taken_from.empty()) work.outcome.note += "took over " + work.taken_from;
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

/// Fields that kubectl applied before belong to kubectl, and would stay when a manifest drops them.
void Applying::hand_over(std::vector<Work>& works) {
  std::vector<Work*> adopted;
  std::vector<Call> calls;
  for (auto& work : works) {
    if (work.done || work.step->verb != plan::Verb::adopt) continue;
    adopted.push_back(&work);
    calls.push_back({.path = work.target.path(),
                     .accept = metadata_only,
                     .user = server_.user_in(work.target.namespace_)});
  }
  const auto answers = server_.send_all(calls, changing_patience);
  std::vector<Call> patches;
  for (std::size_t i = 0; i < adopted.size(); ++i) {
    if (answers[i].failure || !answers[i].response.success()) continue;
    const auto patch =
        handover_patch(parse_answer(answers[i].response.body),
                       [this](const std::string& manager) { return server_.is_forced(manager); });
    if (!patch) continue;
    auto call = calls[i];
    call.method = "PATCH";
    call.body = *patch;
    call.body_type = "application/json-patch+json";
    patches.push_back(std::move(call));
  }
  // If this fails because the object has changed, the apply goes on, and the old fields remain kubectl's.
  server_.send_all(patches, changing_patience);
}

void Applying::send(std::vector<Work*> works, bool force) {
  if (works.empty()) return;
  std::vector<Call> calls;
  for (const auto* work : works) {
    const auto& manifest = work->step->desired->manifest;
    const bool wants = manifest.annotation(annotations::force) == "true";
    calls.push_back(apply_call(server_, work->target, manifest, force || wants, false));
  }
  const auto answers = server_.send_all(calls, changing_patience);
  std::vector<Work*> again;
  for (std::size_t i = 0; i < works.size(); ++i) {
    auto& work = *works[i];
    const auto& response = answers[i].response;
    if (!force && response.status == 409 && !answers[i].failure) {
      const auto claims = claims_of(read_status(response.body));
      if (!claims.empty() && std::ranges::all_of(claims, [this](const Claim& claim) {
            return server_.is_forced(claim.manager);
          })) {
        work.taken_from = join(claims);
        again.push_back(&work);
        continue;
      }
    }
    take(work, answers[i], force);
  }
  send(again, true);
}

void Applying::take(Work& work, const http::Answer& answer, bool force) {
  const auto& manifest = work.step->desired->manifest;
  if (!answer.failure && answer.response.success()) return succeed(work, answer.response);
  if (!answer.failure && !force && needs_recreation(server_, work.target, manifest, answer.response)) {
    return recreate(work);
  }
  refuse(work, answer, "patch");
}

void Applying::succeed(Work& work, const http::Response& response) {
  const auto& manifest = work.step->desired->manifest;
  auto record = record_of(work.target, manifest);
  const auto seen = read_seen(parse_answer(response.body), server_.digest_key);
  if (seen.deleting) {
    const auto error = going_away();
    return fail(work, error.fault(), error.what());
  }
  record.uid = seen.uid;
  record.version = seen.version;
  record.fields = seen.fields;
  work.outcome.ok = true;
  work.outcome.entry.record = to_json(record);
  work.outcome.entry.live = is_workload(manifest.id);
  std::string notes;
  for (const auto& warning : response.warnings) {
    // 299 - "text"
    const auto begin = warning.find('"');
    const auto end = warning.rfind('"');
    if (begin == std::string::npos || end <= begin || manifest.sensitive || is_secret(manifest.id)) continue;
    notes += fmt::format("{}warning: {}", notes.empty() ? "" : ", ",
                         printable(std::string_view(warning).substr(begin + 1, end - begin - 1)));
  }
  work.outcome.note = notes + (notes.empty() || work.taken_from.empty() ? "" : ", ");
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
  fail(work, fault_of(answer.response), explain(answer.response, asked));
}

void Applying::recreate(Work& work) {
  const auto& manifest = work.step->desired->manifest;
  Call removal;
  removal.method = "DELETE";
  removal.path = work.target.path();
  removal.body = R"({"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background"})";
  removal.body_type = "application/json";
  removal.user = server_.user_in(work.target.namespace_);
  const auto answer = server_.send_all({&removal, 1}, changing_patience).front();
  if (answer.failure || (!answer.response.success() && answer.response.status != 404)) {
    return refuse(work, answer, "delete");
  }
  if (!wait_until_gone(work)) {
    return fail(work, Fault::transient,
                "it was deleted, to be created again, but a finalizer keeps it; it will be created when "
                "it is gone");
  }
  const auto call = apply_call(server_, work.target, manifest, true, false);
  take(work, server_.send_all({&call, 1}, changing_patience).front(), true);
  if (work.outcome.ok) work.outcome.note += "deleted and created again";
}

bool Applying::wait_until_gone(const Work& work) {
  const Call call{
      .path = work.target.path(), .accept = metadata_only, .user = server_.user_in(work.target.namespace_)};
  const auto deadline = SteadyClock::now() + longest_deletion;
  while (SteadyClock::now() < deadline) {
    const auto answer = server_.send_all({&call, 1}, changing_patience).front();
    if (!answer.failure && answer.response.status == 404) return true;
    std::this_thread::sleep_for(pause);
    while_waiting_();
  }
  return false;
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
