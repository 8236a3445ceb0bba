#include "drivers/podman/make.h"

#include <filesystem>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "drivers/podman/prepare.h"
#include "drivers/podman/stop.h"

namespace greenwave::drivers::podman {

namespace {

/// Conmon writes a container's output there if it must log to the journal.
constexpr const char* journal = "/run/systemd/journal/socket";

Made create(Service& service, const workload::Rules& rules, const ObjectId& id, const KubePod& kube_pod) {
  const auto ready = prepare(service, rules, id, kube_pod);
  const auto log_tag = std::filesystem::exists(journal) ? to_string(id) : "";
  Made made{service.play(ready.sheet, log_tag), {}};
  for (const auto& starter : ready.starters)
    made.starters.push_back(service.create_container(starter, log_tag));
  return made;
}

}  // namespace

Made make_pod(Service& service, const workload::Rules& rules, const ObjectId& id, const KubePod& kube_pod,
              bool is_broken) {
  if (is_broken) discard(service, rules, kube_pod.pod);
  try {
    return create(service, rules, id, kube_pod);
  } catch (const Error&) {
    // A power cut may have left part of the pod, without labels.
    discard(service, rules, kube_pod.pod);
    return create(service, rules, id, kube_pod);
  }
}

KubePod with_labels(KubePod kube_pod, const std::map<std::string, std::string>& more) {
  using OrderedJson = nlohmann::ordered_json;
  auto pod = OrderedJson::parse(kube_pod.text);
  for (const auto& [key, value] : more) pod["metadata"]["labels"][key] = value;
  kube_pod.text = pod.dump();
  for (auto& starter : kube_pod.starters) {
    auto body = OrderedJson::parse(starter.body);
    for (const auto& [key, value] : more) body["labels"][key] = value;
    starter.body = body.dump();
  }
  return kube_pod;
}

KubePod with_host_aliases(KubePod kube_pod, std::span<const HostLine> lines) {
  using OrderedJson = nlohmann::ordered_json;
  auto pod = OrderedJson::parse(kube_pod.text);
  for (const auto& line : lines)
    pod["spec"]["hostAliases"].push_back({{"ip", line.address}, {"hostnames", line.names}});
  kube_pod.text = pod.dump();
  return kube_pod;
}

}  // namespace greenwave::drivers::podman
