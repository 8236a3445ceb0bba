#include "drivers/kubernetes/inspection.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/health.h"
#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/refusal.h"
#include "http/encoded.h"

namespace greenwave::drivers::kubernetes {

namespace {

constexpr std::size_t longest_log = 300;

struct Inspected {
  std::size_t number;
  Target target;
  nlohmann::json object{};
};

Call pods_of(const Server& server, const Inspected& one, const std::string& selector) {
  Call call;
  call.path = fmt::format("/api/v1/namespaces/{}/pods?limit=100&labelSelector={}",
                          http::encoded(one.target.namespace_), http::encoded(selector));
  call.user = server.user_in(one.target.namespace_);
  return call;
}

/// The last lines of a crashed container's log, as one line; empty if they are not available.
std::string last_words(Server& server, const Inspected& one, const Blame& blamed) {
  Call call;
  call.path = fmt::format(
      "/api/v1/namespaces/{}/pods/{}/log?container={}&previous=true&tailLines=3&limitBytes=4096",
      http::encoded(one.target.namespace_), http::encoded(blamed.pod), http::encoded(blamed.container));
  call.accept = "*/*";
  call.user = server.user_in(one.target.namespace_);
  const auto answer = server.api.send(call, Duration::zero());
  if (answer.failure || !answer.response.success()) return {};
  auto text = printable_lines(trim(answer.response.body));
  std::replace(text.begin(), text.end(), '\n', '|');
  if (text.size() > longest_log)
    text = "…" + printable(std::string_view(text).substr(text.size() - longest_log));
  return text;
}

/// A claim that waits for its first pod is healthy until then.
bool waits_for_consumer(Server& server, const nlohmann::json& claim) {
  const auto name = text_at(claim, {"spec", "storageClassName"});
  if (name.empty()) return false;
  const auto answer = server.api.send(
      {.path = "/apis/storage.k8s.io/v1/storageclasses/" + http::encoded(name)}, Duration::zero());
  if (answer.failure || !answer.response.success()) return false;
  return text_at(parse_answer(answer.response.body), {"volumeBindingMode"}) == "WaitForFirstConsumer";
}

void explain_waiting(Server& server, Inspected& one, Health& health) {
  const auto kind = text_at(one.object, {"kind"});
  if (kind == "PersistentVolumeClaim") {
    if (waits_for_consumer(server, one.object)) health = {};
    return;
  }
  Blame blamed;
  if (kind == "Pod") {
    blamed = blame({{"items", nlohmann::json::array({one.object})}});
  } else if (const auto selector = pod_selector(one.object); !selector.empty()) {
    const auto answer = server.api.send(pods_of(server, one, selector), Duration::zero());
    if (answer.failure || !answer.response.success()) return;
    blamed = blame(parse_answer(answer.response.body));
  }
  if (blamed.pod.empty()) return;
  health.reason += fmt::format("; pod {}: {}", blamed.pod, blamed.reason);
  health.fault = blamed.fault;
  health.loops = blamed.loops;
  if (blamed.container.empty()) return;
  if (const auto words = last_words(server, one, blamed); !words.empty()) {
    health.reason += fmt::format("; its log ended: {}", words);
  }
}

}  // namespace

std::vector<Health> inspect(Server& server, std::span<const Entry* const> entries, Duration patience) {
  std::vector<Health> found(entries.size());
  std::vector<Inspected> inspected;
  std::vector<Call> calls;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto record = record_from(entries[i]->record);
    if (record.resource.plural.empty()) continue;
    auto& one = inspected.emplace_back(Inspected{i, Server::target_of(entries[i]->id, record)});
    calls.push_back({.path = one.target.path(), .user = server.user_in(one.target.namespace_)});
  }
  const auto answers = server.send_all(calls, std::min(patience, looking_patience));
  for (std::size_t i = 0; i < inspected.size(); ++i) {
    auto& one = inspected[i];
    auto& health = found[one.number];
    const auto& answer = answers[i];
    if (answer.failure) {
      health = {Health::State::waiting, answer.failure->message(), answer.failure->fault()};
      continue;
    }
    if (answer.response.status == 404) {
      health = {Health::State::waiting, "it is gone"};
      continue;
    }
    if (!answer.response.success()) {
      health = {
          Health::State::waiting,
          explain(answer.response, {"get", one.target.resource, one.target.namespace_, one.target.name}),
          fault_of(answer.response)};
      continue;
    }
    try {
      one.object = parse_answer(answer.response.body);
      health = judge(one.object);
      if (health.state != Health::State::good) explain_waiting(server, one, health);
    } catch (const Error& error) {
      health = {Health::State::waiting, error.message(), error.fault()};
    }
  }
  return found;
}

}  // namespace greenwave::drivers::kubernetes
