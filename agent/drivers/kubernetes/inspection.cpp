#include "drivers/kubernetes/inspection.h"

#include <algorithm>
#include <functional>
#include <map>

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
  const Entry* entry;
  Target target;
  Health* health;
  nlohmann::json object{};
};

/// Answers of the server about objects, asked at once; null where there is none.
class Questions {
 public:
  explicit Questions(Server& server) : server_(server) {}

  void ask(Inspected& one, Call call) {
    call.user = server_.user_in(one.target.namespace_);
    asked_.push_back(&one);
    calls_.push_back(std::move(call));
  }

  /// Calls `take` with the body of each success.
  void each(const std::function<void(Inspected& one, const std::string& body)>& take) const {
    const auto answers = server_.send_all(calls_, Duration::zero());
    for (std::size_t i = 0; i < asked_.size(); ++i) {
      if (!answers[i].failure && answers[i].response.success()) take(*asked_[i], answers[i].response.body);
    }
  }

 private:
  Server& server_;
  std::vector<Inspected*> asked_;
  std::vector<Call> calls_;
};

/// The last lines of a crashed container's log, as one line.
std::string last_words(const std::string& log) {
  auto text = printable_lines(trim(log));
  std::replace(text.begin(), text.end(), '\n', '|');
  if (text.size() > longest_log)
    text = "…" + printable(std::string_view(text).substr(text.size() - longest_log));
  return text;
}

/// A claim that waits for its first pod is healthy until then.
void excuse_claims(Server& server, std::vector<Inspected>& inspected) {
  Questions questions(server);
  for (auto& one : inspected) {
    const auto name = text_at(one.object, {"spec", "storageClassName"});
    if (one.health->state == Health::State::good || !is_claim(one.entry->id) || name.empty()) continue;
    questions.ask(one, {.path = "/apis/storage.k8s.io/v1/storageclasses/" + http::encoded(name)});
  }
  questions.each([](Inspected& one, const std::string& body) {
    if (text_at(parse_answer(body), {"volumeBindingMode"}) == "WaitForFirstConsumer") *one.health = {};
  });
}

/// Custom resources that their operator has not seen yet, where their definition says that it writes what it
/// saw.
void await_operators(Server& server, std::vector<Inspected>& inspected) {
  std::map<std::string, std::vector<Inspected*>> kinds;
  for (auto& one : inspected) {
    const bool is_silent = is_custom(one.entry->id) && !has_been_observed(one.object);
    if (one.health->state != Health::State::good || one.object.is_null() || !is_silent) continue;
    kinds[one.target.resource.plural + "." + one.target.resource.group].push_back(&one);
  }
  Questions questions(server);
  for (auto& [name, objects] : kinds) {
    questions.ask(*objects.front(),
                  {.path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + http::encoded(name)});
  }
  questions.each([&](Inspected& first, const std::string& body) {
    const auto definition = parse_answer(body);
    for (auto* one : kinds[first.target.resource.plural + "." + first.target.resource.group]) {
      if (!awaits_operator(one->object, definition)) continue;
      *one->health = {Health::State::waiting, "its operator has not looked at it yet"};
    }
  });
}

/// Names the pods that unhealthy workloads wait for, and what those that crash last said.
void blame_pods(Server& server, std::vector<Inspected>& inspected) {
  Questions pods(server);
  std::map<Inspected*, Blame> blamed;
  for (auto& one : inspected) {
    if (one.health->state == Health::State::good || one.object.is_null() || is_claim(one.entry->id)) continue;
    if (text_at(one.object, {"kind"}) == "Pod") {
      blamed[&one] = blame({{"items", nlohmann::json::array({one.object})}});
    } else if (const auto selector = pod_selector(one.object); !selector.empty()) {
      pods.ask(one, {.path = fmt::format("/api/v1/namespaces/{}/pods?limit=100&labelSelector={}",
                                         http::encoded(one.target.namespace_), http::encoded(selector))});
    }
  }
  pods.each([&](Inspected& one, const std::string& body) { blamed[&one] = blame(parse_answer(body)); });
  Questions logs(server);
  for (const auto& [one, found] : blamed) {
    if (found.pod.empty()) continue;
    one->health->reason += fmt::format("; pod {}: {}", found.pod, found.reason);
    one->health->fault = found.fault;
    one->health->loops = found.loops;
    if (found.container.empty()) continue;
    logs.ask(*one, {.path = fmt::format("/api/v1/namespaces/{}/pods/{}/"
                                        "log?container={}&previous=true&tailLines=3&limitBytes=4096",
                                        http::encoded(one->target.namespace_), http::encoded(found.pod),
                                        http::encoded(found.container)),
                    .accept = "*/*"});
  }
  logs.each([](Inspected& one, const std::string& log) {
    if (const auto words = last_words(log); !words.empty()) {
      one.health->reason += fmt::format("; its log ended: {}", words);
    }
  });
}

void take(Inspected& one, const http::Answer& answer) {
  auto& health = *one.health;
  if (answer.failure) {
    health = {Health::State::waiting, answer.failure->message(), answer.failure->fault()};
    return;
  }
  if (answer.response.status == 404) {
    // A Job that the server removed when it was done.
    if (!record_from(one.entry->record).ends) health = {Health::State::waiting, "it is gone"};
    return;
  }
  if (!answer.response.success()) {
    health = {Health::State::waiting,
              explain(answer.response, {"get", one.target.resource, one.target.namespace_, one.target.name}),
              fault_of(answer.response)};
    return;
  }
  try {
    one.object = parse_answer(answer.response.body);
    health = judge(one.object);
  } catch (const Error& error) {
    health = {Health::State::waiting, error.message(), error.fault()};
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
    auto& one =
        inspected.emplace_back(Inspected{entries[i], Server::target_of(entries[i]->id, record), &found[i]});
    calls.push_back({.path = one.target.path(), .user = server.user_in(one.target.namespace_)});
  }
  const auto answers = server.send_all(calls, std::min(patience, looking_patience));
  for (std::size_t i = 0; i < inspected.size(); ++i) take(inspected[i], answers[i]);
  if (server.away) return found;
  excuse_claims(server, inspected);
  await_operators(server, inspected);
  blame_pods(server, inspected);
  return found;
}

}  // namespace greenwave::drivers::kubernetes
