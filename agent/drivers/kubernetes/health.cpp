#include "drivers/kubernetes/health.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/resource.h"
#include "drivers/workload/pull_fault.h"

namespace greenwave::drivers::kubernetes {

namespace {

using nlohmann::json;
using State = Health::State;

constexpr std::size_t longest_text = 200;

std::int64_t number_at(const json& object, std::initializer_list<std::string_view> keys,
                       std::int64_t otherwise = 0) {
  const auto& found = at(object, keys);
  return found.is_number_integer() ? found.get<std::int64_t>() : otherwise;
}

std::string words(std::string_view text) {
  return printable(text.substr(0, longest_text));
}

Health good() {
  return {};
}
Health waiting(std::string why) {
  return {State::waiting, std::move(why)};
}
Health bad(std::string why) {
  return {State::bad, std::move(why)};
}

const json* condition(const json& object, std::string_view type) {
  const auto& conditions = at(object, {"status", "conditions"});
  if (!conditions.is_array()) return nullptr;
  const auto found =
      std::ranges::find_if(conditions, [type](const json& one) { return text_at(one, {"type"}) == type; });
  return found == conditions.end() ? nullptr : &*found;
}

bool is(const json* one, std::string_view status) {
  return one != nullptr && text_at(*one, {"status"}) == status;
}

/// "Ready is False: no certificate yet"
std::string told_by(const json& one) {
  const auto message = text_at(one, {"message"});
  const auto reason = text_at(one, {"reason"});
  return fmt::format("{} is {}{}{}", words(text_at(one, {"type"})), words(text_at(one, {"status"})),
                     message.empty() && reason.empty() ? "" : ": ",
                     words(message.empty() ? reason : message));
}

/// Whether the controller has seen the newest generation; true for kinds without that field.
bool is_observed(const json& object) {
  const auto generation = number_at(object, {"metadata", "generation"});
  return number_at(object, {"status", "observedGeneration"}, generation) >= generation;
}

Health deployment(const json& object) {
  if (at(object, {"spec", "paused"}) == true) return good();  // people hold its rollout back
  const auto wanted = number_at(object, {"spec", "replicas"}, 1);
  if (!at(object, {"status", "observedGeneration"}).is_number_integer()) {
    return waiting("no controller has seen it yet");
  }
  const auto* progressing = condition(object, "Progressing");
  if (progressing != nullptr && text_at(*progressing, {"reason"}) == "ProgressDeadlineExceeded") {
    return bad("its rollout made no progress within its deadline");
  }
  const auto updated = number_at(object, {"status", "updatedReplicas"});
  const auto all = number_at(object, {"status", "replicas"});
  const auto available = number_at(object, {"status", "availableReplicas"});
  if (updated < wanted) return waiting(fmt::format("{} of {} new replicas exist", updated, wanted));
  if (all > updated) return waiting(fmt::format("{} of its old replicas are still there", all - updated));
  if (available < updated) return waiting(fmt::format("{} of {} replicas are available", available, updated));
  return good();
}

Health replica_set(const json& object) {
  const auto wanted = number_at(object, {"spec", "replicas"}, 1);
  const auto available = number_at(object, {"status", "availableReplicas"});
  const auto* failing = condition(object, "ReplicaFailure");
  if (is(failing, "True")) return waiting(told_by(*failing));
  if (available < wanted) return waiting(fmt::format("{} of {} replicas are available", available, wanted));
  return good();
}

Health stateful_set(const json& object) {
  if (text_at(object, {"spec", "updateStrategy", "type"}) == "OnDelete") return good();
  const auto wanted = number_at(object, {"spec", "replicas"}, 1);
  const auto ready = number_at(object, {"status", "readyReplicas"});
  const auto updated = number_at(object, {"status", "updatedReplicas"});
  const auto partition = number_at(object, {"spec", "updateStrategy", "rollingUpdate", "partition"});
  if (ready < wanted) return waiting(fmt::format("{} of {} replicas are ready", ready, wanted));
  if (partition > 0) {
    if (updated < wanted - partition) {
      return waiting(fmt::format("{} of {} replicas are updated", updated, wanted - partition));
    }
    return good();
  }
  const auto current = text_at(object, {"status", "currentRevision"});
  const auto update = text_at(object, {"status", "updateRevision"});
  if (current != update) return waiting(fmt::format("{} of {} replicas are updated", updated, wanted));
  return good();
}

Health daemon_set(const json& object) {
  if (!at(object, {"status", "observedGeneration"}).is_number_integer()) {
    return waiting("no controller has seen it yet");
  }
  if (text_at(object, {"spec", "updateStrategy", "type"}) == "OnDelete") return good();
  const auto wanted = number_at(object, {"status", "desiredNumberScheduled"});
  const auto updated = number_at(object, {"status", "updatedNumberScheduled"});
  const auto available = number_at(object, {"status", "numberAvailable"});
  if (updated < wanted) return waiting(fmt::format("it is updated on {} of {} nodes", updated, wanted));
  if (available < wanted) return waiting(fmt::format("it is available on {} of {} nodes", available, wanted));
  return good();
}

Health job(const json& object) {
  if (const auto* failed = condition(object, "Failed"); is(failed, "True")) return bad(told_by(*failed));
  if (is(condition(object, "Complete"), "True")) return good();
  if (is(condition(object, "Suspended"), "True")) return good();
  return waiting(fmt::format("running: {} of {} are done", number_at(object, {"status", "succeeded"}),
                             number_at(object, {"spec", "completions"}, 1)));
}

Health pod(const json& object) {
  const auto phase = text_at(object, {"status", "phase"});
  if (phase == "Succeeded") return good();
  if (phase == "Failed")
    return bad(fmt::format("it failed: {}", words(text_at(object, {"status", "reason"}))));
  if (is(condition(object, "Ready"), "True")) return good();
  return waiting(phase.empty() ? "it is not scheduled to a node yet"
                               : fmt::format("it is {} and not ready", words(phase)));
}

Health claim(const json& object) {
  const auto phase = text_at(object, {"status", "phase"});
  if (phase == "Bound") return good();
  if (phase == "Lost") return bad("its volume is lost");
  return waiting("no volume is bound to it yet");
}

Health definition(const json& object) {
  if (const auto* names = condition(object, "NamesAccepted"); is(names, "False")) return bad(told_by(*names));
  return is(condition(object, "Established"), "True") ? good() : waiting("it is not established yet");
}

Health available(const json& object) {
  const auto* one = condition(object, "Available");
  if (is(one, "True")) return good();
  return waiting(one == nullptr ? "it is not available yet" : told_by(*one));
}

/// By the conditions that most controllers have; a kind without any of them is healthy.
Health by_conditions(const json& object) {
  if (const auto* stalled = condition(object, "Stalled"); is(stalled, "True")) return bad(told_by(*stalled));
  if (const auto* busy = condition(object, "Reconciling"); is(busy, "True")) return waiting(told_by(*busy));
  for (const auto* type : {"Ready", "Available"}) {
    const auto* one = condition(object, type);
    if (one == nullptr) continue;
    if (number_at(*one, {"observedGeneration"}, number_at(object, {"metadata", "generation"})) <
        number_at(object, {"metadata", "generation"})) {
      return waiting("its controller has not seen the newest version yet");
    }
    return is(one, "True") ? good() : waiting(told_by(*one));
  }
  return good();
}

/// Of containers' states: {state: {waiting: {reason}}} and {lastState: {terminated: {reason, exitCode}}}.
struct Trouble {
  int weight = 0;
  Blame blame;
};

Trouble trouble_of_container(const json& container) {
  const auto name = words(text_at(container, {"name"}));
  const auto reason = text_at(container, {"state", "waiting", "reason"});
  const auto message = text_at(container, {"state", "waiting", "message"});
  if (reason == "CrashLoopBackOff") {
    const auto code = number_at(container, {"lastState", "terminated", "exitCode"});
    return {4,
            {{},
             fmt::format("container {} keeps crashing (CrashLoopBackOff, it ended with {})", name, code),
             name,
             true}};
  }
  if (reason.ends_with("ImagePullBackOff") || reason == "ErrImagePull" || reason == "InvalidImageName") {
    return {5,
            {{},
             fmt::format("container {} has no image ({}): {}", name, words(reason), words(message)),
             {},
             false,
             workload::fault_of_pull(message.empty() ? "" : message)}};
  }
  if (!reason.empty() && reason != "ContainerCreating" && reason != "PodInitializing") {
    return {3, {{}, fmt::format("container {}: {} {}", name, words(reason), words(message)), {}}};
  }
  if (const auto& ended = at(container, {"state", "terminated"});
      ended.is_object() && number_at(ended, {"exitCode"}) != 0) {
    return {3, {{}, fmt::format("container {} ended with {}", name, number_at(ended, {"exitCode"})), name}};
  }
  return {};
}

Trouble trouble_of_pod(const json& object) {
  Trouble worst;
  for (const auto* list : {"initContainerStatuses", "containerStatuses"}) {
    for (const auto& container : at(object, {"status", list})) {
      auto trouble = trouble_of_container(container);
      if (trouble.weight > worst.weight) worst = std::move(trouble);
    }
  }
  const auto* scheduled = condition(object, "PodScheduled");
  if (worst.weight < 3 && is(scheduled, "False")) worst = {3, {{}, told_by(*scheduled), {}}};
  const auto* ready = condition(object, "Ready");
  if (worst.weight == 0 && is(ready, "False")) worst = {1, {{}, told_by(*ready), {}}};
  worst.blame.pod = words(text_at(object, {"metadata", "name"}));
  return worst;
}

}  // namespace

Health judge(const json& object) {
  if (!text_at(object, {"metadata", "deletionTimestamp"}).empty()) return waiting("it is being deleted");
  if (!is_observed(object)) return waiting("its controller has not seen the newest version yet");
  const auto name = kind_and_group(text_at(object, {"apiVersion"}), text_at(object, {"kind"}));
  if (name == "Deployment.apps") return deployment(object);
  if (name == "StatefulSet.apps") return stateful_set(object);
  if (name == "DaemonSet.apps") return daemon_set(object);
  if (name == "ReplicaSet.apps") return replica_set(object);
  if (name == "Job.batch") return job(object);
  if (name == "Pod") return pod(object);
  if (name == "PersistentVolumeClaim") return claim(object);
  if (name == "CustomResourceDefinition.apiextensions.k8s.io") return definition(object);
  if (name == "APIService.apiregistration.k8s.io") return available(object);
  return by_conditions(object);
}

bool has_been_observed(const json& object) {
  const auto& conditions = at(object, {"status", "conditions"});
  return at(object, {"status", "observedGeneration"}).is_number_integer() ||
         (conditions.is_array() && !conditions.empty());
}

bool awaits_operator(const json& object, const json& definition) {
  if (has_been_observed(object)) return false;
  const auto api_version = text_at(object, {"apiVersion"});
  const auto version = api_version.substr(api_version.find('/') + 1);
  for (const auto& one : at(definition, {"spec", "versions"})) {
    if (text_at(one, {"name"}) != version || !at(one, {"subresources", "status"}).is_object()) continue;
    const auto& fields = at(one, {"schema", "openAPIV3Schema", "properties", "status", "properties"});
    return fields.contains("observedGeneration") || fields.contains("conditions");
  }
  return false;
}

Blame blame(const json& pods) {
  Trouble worst;
  for (const auto& one : at(pods, {"items"})) {
    auto trouble = trouble_of_pod(one);
    if (trouble.weight > worst.weight) worst = std::move(trouble);
  }
  return worst.weight == 0 ? Blame{} : worst.blame;
}

std::string pod_selector(const json& workload) {
  std::string selector;
  const auto add = [&selector](const std::string& term) { selector += (selector.empty() ? "" : ",") + term; };
  for (const auto& [key, value] : at(workload, {"spec", "selector", "matchLabels"}).items()) {
    if (value.is_string()) add(key + "=" + value.get<std::string>());
  }
  for (const auto& one : at(workload, {"spec", "selector", "matchExpressions"})) {
    const auto key = text_at(one, {"key"});
    const auto op = text_at(one, {"operator"});
    std::string values;
    for (const auto& value : at(one, {"values"})) {
      if (value.is_string()) values += (values.empty() ? "" : ",") + value.get<std::string>();
    }
    if (op == "In") add(fmt::format("{} in ({})", key, values));
    if (op == "NotIn") add(fmt::format("{} notin ({})", key, values));
    if (op == "Exists") add(key);
    if (op == "DoesNotExist") add("!" + key);
  }
  return selector;
}

}  // namespace greenwave::drivers::kubernetes
