#include "drivers/workload/workload.h"

#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "base/text.h"
#include "drivers/workload/container_check.h"
#include "drivers/workload/lifecycle.h"
#include "drivers/workload/pod_security.h"
#include "yaml/fields.h"

namespace greenwave::drivers::workload {

namespace {

constexpr std::int64_t most_pods = 100;

void read_template(const Manifest& manifest, const yaml::Node& frame, Workload& workload,
                   Problems& problems) {
  const auto* pod = frame.find("template");
  if (pod == nullptr || !pod->is_map()) {
    problems.error(frame.place, fmt::format("{}: its spec has no template", to_string(manifest.id)),
                   "write the pod there: template: {metadata: …, spec: {containers: …}}");
    return;
  }
  workload.metadata = pod->find("metadata");
  workload.spec = pod->find("spec");
  if (workload.spec == nullptr) {
    problems.error(pod->place, fmt::format("{}: its template has no spec", to_string(manifest.id)),
                   "write the pod's containers there");
  }
}

void read_count(const Manifest& manifest, Workload& workload, Problems& problems) {
  const auto* replicas = manifest.spec().find("replicas");
  if (replicas == nullptr) return;
  const auto* number = std::get_if<std::int64_t>(&replicas->value);
  if (number == nullptr || *number < 0 || *number > most_pods) {
    problems.error(replicas->place, "replicas is not a whole number from 0 to 100",
                   "write how many of these pods run on this one device");
    return;
  }
  workload.pods = static_cast<std::size_t>(*number);
}

bool keeps_pods_up(const ObjectId& id) {
  return id.kind == "Deployment" || id.kind == "DaemonSet" || id.kind == "StatefulSet";
}

void read_restart(const Manifest& manifest, Workload& workload, Problems& problems) {
  const auto* written = workload.spec->find("restartPolicy");
  workload.restart = workload.once ? "OnFailure" : "Always";
  if (written == nullptr) return;
  const auto* word = written->string();
  const bool known =
      word != nullptr && (*word == "OnFailure" || *word == "Never" || (*word == "Always" && !workload.once));
  const bool kept_up = keeps_pods_up(manifest.id);
  if (!known || (kept_up && *word != "Always")) {
    problems.error(written->place, fmt::format("{} cannot have this restartPolicy", manifest.id.kind),
                   kept_up         ? "write Always, or leave it out"
                   : workload.once ? "write OnFailure or Never"
                                   : "write Always, OnFailure or Never");
    return;
  }
  workload.restart = *word;
}

/// What `see` gets: each port of its containers that is a port of the device, too, and its number there.
void each_host_port(const yaml::Node& spec, const auto& see) {
  for (const auto& container : items_in(spec.find("containers"))) {
    for (const auto& port : items_in(container.find("ports"))) {
      const auto* host_port = port.find("hostPort");
      const auto* number = host_port != nullptr ? std::get_if<std::int64_t>(&host_port->value) : nullptr;
      if (number != nullptr && *number != 0) see(port, *host_port, *number);
    }
  }
}

/// A port of the device is one pod's.
void refuse_shared_ports(const Workload& workload, Problems& problems) {
  if (workload.pods < 2) return;
  each_host_port(*workload.spec, [&](const yaml::Node&, const yaml::Node& host_port, std::int64_t number) {
    problems.error(host_port.place,
                   fmt::format("{} pods cannot all have port {} of this one device", workload.pods, number),
                   "set replicas to 1, or leave hostPort out");
  });
}

/// A CronJob's numbers that would mean more than one pod.
void refuse_many(const yaml::Node& frame, Problems& problems) {
  const auto* suspend = frame.find("suspend");
  if (is_true(suspend)) {
    problems.error(suspend->place, "a CronJob's runs start at once: they cannot be suspended",
                   "write suspend beside the schedule");
  }
  for (const auto* key : {"completions", "parallelism"}) {
    const auto* number = frame.find(key);
    if (number == nullptr) continue;
    const auto* value = std::get_if<std::int64_t>(&number->value);
    if (value != nullptr && *value == 1) continue;
    problems.error(number->place, fmt::format("a CronJob's run is one pod: {} cannot be given", key),
                   "leave it out");
  }
}

/// What only one pod can have: a port of the device, its network, a claim's volume.
bool has_what_is_alone(const yaml::Node& spec) {
  bool alone = is_true(spec.find("hostNetwork"));
  each_host_port(spec, [&](const auto&...) { alone = true; });
  for (const auto& volume : items_in(spec.find("volumes")))
    alone = alone || volume.find("persistentVolumeClaim") != nullptr;
  return alone;
}

/// As the kind's controller would do it on a cluster of one node.
Workload::Exchange exchange_of(const Manifest& manifest, const yaml::Node& spec) {
  using Exchange = Workload::Exchange;
  const auto& kind = manifest.id.kind;
  if (kind == "DaemonSet") return Exchange::one_by_one;
  if (kind != "Deployment" || has_what_is_alone(spec)) return Exchange::old_first;
  const auto* strategy = manifest.spec().find("strategy");
  if (strategy == nullptr) return Exchange::new_first;
  const auto* type = strategy->find("type");
  if (type != nullptr && type->string() != nullptr && *type->string() == "Recreate")
    return Exchange::old_first;
  const auto* surge = strategy->at({"rollingUpdate", "maxSurge"});
  const auto written = surge != nullptr ? yaml::printed(*surge) : "";
  return written == "0" || written == "0%" ? Exchange::one_by_one : Exchange::new_first;
}

JobPlan read_job(const yaml::Node& frame, Problems& problems) {
  JobPlan plan;
  constexpr std::int64_t longest = 365 * 86'400;
  yaml::Fields spec(frame, "Job's spec", problems);
  const auto completions = spec.integer("completions", 1, most_pods);
  const auto parallelism = spec.integer("parallelism", 1, most_pods);
  plan.parallelism = static_cast<std::size_t>(parallelism.value_or(1));
  plan.completions = static_cast<std::size_t>(completions.value_or(parallelism.value_or(1)));
  plan.retries = static_cast<unsigned>(spec.integer("backoffLimit", 0, 1000).value_or(6));
  if (const auto deadline = spec.integer("activeDeadlineSeconds", 1, longest))
    plan.deadline = std::chrono::seconds(*deadline);
  if (const auto ttl = spec.integer("ttlSecondsAfterFinished", 0, longest))
    plan.ttl = std::chrono::seconds(*ttl);
  plan.indexed = spec.word("completionMode", {"NonIndexed", "Indexed"}) == "Indexed";
  plan.suspended = spec.flag("suspend").value_or(false);
  return plan;
}

std::string claim_template_name(const yaml::Node& claim) {
  const auto* name = claim.at({"metadata", "name"});
  return name != nullptr && name->string() != nullptr ? *name->string() : "";
}

/// The volume that a pod has for a template of claims; the pod's number is still to come.
yaml::Node volume_for(const Manifest& manifest, const std::string& name, const Place& place) {
  const auto node = [&](decltype(yaml::Node::value) value) {
    return yaml::Node{std::move(value), place, {}};
  };
  auto source = node(yaml::Node::Map{});
  yaml::set(source, "claimName", node(fmt::format("{}-{}", name, manifest.id.name)));
  auto volume = node(yaml::Node::Map{});
  yaml::set(volume, "name", node(name));
  yaml::set(volume, "persistentVolumeClaim", std::move(source));
  return volume;
}

/// As in Kubernetes, a template's volume takes the place of a pod's own one of this name.
PodSet read_set(const Manifest& manifest, Workload& workload, Problems& problems) {
  PodSet set;
  yaml::Fields spec(manifest.spec(), "StatefulSet's spec", problems);
  set.in_order = spec.word("podManagementPolicy", {"OrderedReady", "Parallel"}) != "Parallel";
  if (const auto* start = manifest.spec().at({"ordinals", "start"})) {
    const auto* number = std::get_if<std::int64_t>(&start->value);
    if (number == nullptr || *number < 0) {
      problems.error(start->place, "ordinals.start is not a whole number from 0", "fix it, or leave it out");
    } else {
      set.first = static_cast<std::size_t>(*number);
    }
  }
  const auto templates = items_in(manifest.spec().find("volumeClaimTemplates"));
  if (templates.empty()) return set;
  yaml::Node::Sequence volumes;
  for (const auto& claim : templates) {
    auto name = claim_template_name(claim);
    if (name.empty() || std::ranges::find(set.claims, name) != set.claims.end()) {
      problems.error(
          claim.place,
          name.empty() ? "the claim has no name" : fmt::format("two claims are called {}", printable(name)),
          "write metadata: {name: …}, for volumeMounts to name");
      continue;
    }
    volumes.push_back(volume_for(manifest, name, claim.place));
    set.claims.push_back(std::move(name));
  }
  for (const auto& volume : items_in(workload.spec->find("volumes"))) {
    const auto* name = volume.find("name");
    const bool is_replaced = name != nullptr && name->string() != nullptr &&
                             std::ranges::find(set.claims, *name->string()) != set.claims.end();
    if (!is_replaced) volumes.push_back(volume);
  }
  auto own = std::make_shared<yaml::Node>(*workload.spec);
  yaml::set(*own, "volumes", yaml::Node{std::move(volumes), workload.spec->place, {}});
  workload.own_spec = own;
  workload.spec = own.get();
  return set;
}

class NeedReader {
 public:
  explicit NeedReader(Problems& problems) : problems_(problems) {}

  std::vector<Need> read(const yaml::Node& spec) {
    for (const auto& volume : items_in(spec.find("volumes"))) {
      add(volume.find("configMap"), "ConfigMap", "name");
      add(volume.find("secret"), "Secret", "secretName");
      for (const auto& source : items_in(volume.at({"projected", "sources"}))) {
        add(source.find("configMap"), "ConfigMap", "name");
        add(source.find("secret"), "Secret", "name");
      }
    }
    for (const auto* list : {"initContainers", "containers"}) {
      for (const auto& container : items_in(spec.find(list))) read_container(container);
    }
    std::ranges::sort(needs_);
    needs_.erase(std::unique(needs_.begin(), needs_.end()), needs_.end());
    return std::move(needs_);
  }

 private:
  void read_container(const yaml::Node& container) {
    for (const auto& variable : items_in(container.find("env"))) {
      add(variable.at({"valueFrom", "configMapKeyRef"}), "ConfigMap", "name");
      add(variable.at({"valueFrom", "secretKeyRef"}), "Secret", "name");
    }
    for (const auto& source : items_in(container.find("envFrom"))) {
      add(source.find("configMapRef"), "ConfigMap", "name");
      add(source.find("secretRef"), "Secret", "name");
    }
  }

  void add(const yaml::Node* ref, std::string_view kind, std::string_view key) {
    if (ref == nullptr || ref->is_null()) return;
    const auto* name = ref->find(key);
    if (name == nullptr || name->string() == nullptr || name->string()->empty()) {
      problems_.error(ref->place, fmt::format("this names no {}", kind), fmt::format("give its {}", key));
      return;
    }
    needs_.push_back({std::string(kind), *name->string(), is_true(ref->find("optional"))});
  }

  Problems& problems_;
  std::vector<Need> needs_;
};

Device device_of(const config::Config& config) {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto page = ::sysconf(_SC_PAGESIZE);
  const auto memory =
      pages > 0 && page > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page) : 0;
  return {config.device, std::max(1U, std::thread::hardware_concurrency()), memory,
          (config.state_directory / "pods").native()};
}

}  // namespace

PodField metadata_of(const Workload& workload) {
  return {workload.metadata, PodField{nullptr, workload.path}["metadata"].path};
}

PodField spec_of(const Workload& workload) {
  return {workload.spec, PodField{nullptr, workload.path}["spec"].path};
}

bool is_workload(const ObjectId& id) {
  if (id.api_version == "v1") return id.kind == "Pod";
  if (id.api_version == "apps/v1") return keeps_pods_up(id);
  return id.api_version == "batch/v1" && id.kind == "Job";
}

std::vector<std::string> port_claims(const Workload& workload) {
  std::set<std::string> claims;
  if (workload.spec == nullptr) return {};
  each_host_port(*workload.spec, [&](const yaml::Node& port, const yaml::Node&, std::int64_t number) {
    const auto text = [&](const char* key) {
      const auto* node = port.find(key);
      return node != nullptr && node->string() != nullptr ? *node->string() : "";
    };
    const bool is_udp = text("protocol") == "UDP";
    const auto address = text("hostIP");
    claims.insert(
        fmt::format("port:{}:{}{}{}", is_udp ? "udp" : "tcp", address, address.empty() ? "" : ":", number));
  });
  return {claims.begin(), claims.end()};
}

Rules rules_of(const config::Config& config, config::OwnPaths own) {
  return {config.allowed_paths,     config.podman.allow_privileged,
          std::move(own),           config.podman.allow_host_network,
          config.podman.host_ports, config.podman.socket,
          device_of(config)};
}

Workload read_workload(const Manifest& manifest, const Rules& rules, Problems& problems) {
  return read_workload(manifest, {&manifest.spec(), "spec"}, rules, problems);
}

Workload read_workload(const Manifest& manifest, const PodField& from, const Rules& rules,
                       Problems& problems) {
  const auto& frame = *from.node;
  Workload workload;
  workload.once = manifest.id.kind == "Job" || manifest.id.kind == "CronJob";
  const bool is_set = manifest.id.kind == "StatefulSet";
  workload.numbered = manifest.id.kind == "Deployment" || is_set;
  if (manifest.id.kind == "Pod") {
    workload.metadata = manifest.document.find("metadata");
    workload.spec = &frame;
  } else {
    read_template(manifest, frame, workload, problems);
    workload.path = from["template"].path;
  }
  if (workload.spec == nullptr) return workload;
  if (workload.numbered) read_count(manifest, workload, problems);
  if (is_set) workload.set = read_set(manifest, workload, problems);
  if (manifest.id.kind == "CronJob") refuse_many(frame, problems);
  if (manifest.id.kind == "Job") {
    workload.job = read_job(frame, problems);
    workload.pods = workload.job->completions;
    workload.numbered = workload.job->indexed || workload.pods > 1;
  }
  read_restart(manifest, workload, problems);
  refuse_shared_ports(workload, problems);
  workload.exchange = exchange_of(manifest, *workload.spec);
  check_lifecycle(spec_of(workload), problems);
  check_containers(spec_of(workload), rules, problems);
  check_security(metadata_of(workload), spec_of(workload), rules, problems);
  workload.needs = NeedReader(problems).read(*workload.spec);
  return workload;
}

}  // namespace greenwave::drivers::workload
