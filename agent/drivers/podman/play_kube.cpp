#include "drivers/podman/play_kube.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/contains.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "drivers/podman/claim_volume.h"
#include "drivers/podman/container_spec.h"
#include "drivers/podman/sheet.h"
#include "drivers/workload/lifecycle.h"
#include "drivers/workload/pod_security.h"
#include "drivers/workload/probe.h"
#include "drivers/workload/space.h"

namespace greenwave::drivers::podman {

namespace {

using OrderedJson = nlohmann::ordered_json;
using Values = std::map<std::string, std::string>;

constexpr std::size_t longest_host_name = 63;

bool is_published(const OrderedJson& port) {
  const auto host_port = port.find("hostPort");
  return host_port != port.end() && !host_port->is_null() && *host_port != 0;
}

/// Pods with such ports were made with them published once: they are made again.
bool names_inner_ports(const yaml::Node& spec) {
  for (const auto* list : {"initContainers", "containers"}) {
    for (const auto& container : yaml::items_in(spec.find(list))) {
      for (const auto& port : yaml::items_in(container.find("ports"))) {
        if (!is_published(to_json(port))) return true;
      }
    }
  }
  return false;
}

/// Pods with such fields were told otherwise, or not at all, before the sheet had them: they are made again.
bool has_new_meaning(const yaml::Node& node) {
  constexpr std::array<std::string_view, 8> fields{"fieldRef", "resourceFieldRef", "defaultMode", "mode",
                                                   "fsGroup",  "runAsNonRoot",     "emptyDir",    "items"};
  if (const auto* text = node.string()) return text->find("$(") != text->npos;
  if (const auto* map = node.map()) {
    return std::ranges::any_of(*map, [&](const yaml::Member& member) {
      return contains(fields, member.key) || has_new_meaning(member.value);
    });
  }
  return std::ranges::any_of(yaml::items_in(&node), has_new_meaning);
}

/// Pods with claims in a namespace had volumes that all namespaces shared.
bool has_claim_in_space(const Manifest& manifest, const workload::Workload& workload) {
  if (workload::plain_space(manifest.id.namespace_).empty()) return false;
  return std::ranges::any_of(items_in(workload.spec->find("volumes")), [](const yaml::Node& volume) {
    return volume.find("persistentVolumeClaim") != nullptr;
  });
}

Digest digest_of(const Manifest& manifest, const workload::Workload& workload, const workload::Store& store,
                 const std::string& key) {
  Hasher hasher(key);
  // As labels were once: "default" was another namespace than none, and such pods are not made again for
  // that.
  const auto& id = manifest.id;
  hasher.add_field(fmt::format("{}/{}/{}/{}", id.api_version, id.kind, id.namespace_, id.name));
  hasher.add_field(workload.metadata != nullptr ? yaml::canonical(*workload.metadata) : "");
  hasher.add_field(yaml::canonical(*workload.spec));
  for (const auto& need : workload.needs) {
    hasher.add_field(need.kind).add_field(need.name);
    const auto material = store.find(need, manifest.id.namespace_);
    hasher.add_field(material ? std::to_string(material->size()) : "absent");
    if (!material) continue;
    for (const auto& [name, bytes] : *material) hasher.add_field(name).add_field(bytes);
  }
  if (workload.job) return hasher.finish();  // one that has run must not run again
  if (names_inner_ports(*workload.spec)) hasher.add_field("only host ports are published");
  if (has_claim_in_space(manifest, workload)) hasher.add_field("claims are their namespace's");
  if (has_new_meaning(*workload.spec)) hasher.add_field("fields mean what Kubernetes means");
  if (!items_in(workload.spec->find("initContainers")).empty())
    hasher.add_field("init containers start apart from the others");
  return hasher.finish();
}

/// As it has the form of one.
std::string uid_of(const std::string& digest, std::string_view pod) {
  auto text = to_hex(Hasher().add_field(digest).add_field(pod).finish());
  for (const auto at : {8U, 13U, 18U, 23U}) text.insert(at, "-");
  return text.substr(0, 36);
}

/// Fills one workload's parts in, as JSON.
class Writer {
 public:
  Writer(const Manifest& manifest, const workload::Workload& workload, const workload::Rules& rules,
         const workload::Store& store)
      : manifest_(manifest),
        workload_(workload),
        rules_(rules),
        store_(store),
        written_(to_json(*workload.spec)) {}

  /// `number`: of a pod that knows its own.
  KubePod write(const std::string& digest, std::string pod, std::optional<std::size_t> number) {
    kube_pod_ = {};
    probes_ = OrderedJson::object();
    kube_pod_.digest = digest;
    kube_pod_.pod = std::move(pod);
    hooks_ = OrderedJson::object();
    number_ = number;
    auto written = written_;
    if (number_ && workload_.job) tell_number(written, *number_);
    if (number_ && workload_.set) give_claims(written, *number_);
    const bool host_network = written.value("hostNetwork", false);
    for (const auto* list : {"initContainers", "containers"}) {
      if (!written.contains(list)) continue;
      for (const auto& container : written[list])
        read_container(container, std::string_view(list) == "initContainers", host_network);
    }
    const workload::PodValues values(workload_, written, rules_.device, identity());
    const workload::Content content(store_, manifest_.id.namespace_, values);
    auto spec = sheet_of(workload_, written, content, rules_, kube_pod_);
    take_starters(spec);
    // Whoever runs a Job makes new pods for those that failed.
    if (workload_.once) {
      spec["restartPolicy"] = "Never";
    } else if (!kube_pod_.starters.empty() && workload_.restart == "Always") {
      spec["restartPolicy"] = "OnFailure";
    }
    if (!spec.contains("hostname") || workload_.set)
      spec["hostname"] = own_name().substr(0, longest_host_name);
    const OrderedJson document{
        {"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", metadata()}, {"spec", std::move(spec)}};
    kube_pod_.text = document.dump();
    return std::move(kube_pod_);
  }

 private:
  /// The object's, and the pod's number where it has one of its own.
  std::string own_name() const {
    const auto& name = manifest_.id.name;
    return number_ ? fmt::format("{}-{}", name, *number_) : name;
  }

  /// A Pod and a StatefulSet's pods have their own names, and others give their pods names.
  workload::PodIdentity identity() const {
    const auto& space = manifest_.id.namespace_;
    const bool is_named = manifest_.id.kind == "Pod" || workload_.set;
    return {is_named ? own_name() : kube_pod_.pod, space.empty() ? "default" : space,
            uid_of(kube_pod_.digest, kube_pod_.pod), numbers(), workload_.job ? numbers() : Values()};
  }

  /// What Kubernetes' controllers tell a pod with a number.
  Values numbers() const {
    if (!number_) return {};
    const auto number = std::to_string(*number_);
    if (workload_.job) return {{"batch.kubernetes.io/job-completion-index", number}};
    return {{"apps.kubernetes.io/pod-index", number}, {"statefulset.kubernetes.io/pod-name", own_name()}};
  }

  OrderedJson metadata() const {
    OrderedJson metadata{{"name", kube_pod_.pod}, {"labels", OrderedJson::object()}};
    if (workload_.metadata != nullptr) {
      const auto* own = workload_.metadata->find("labels");
      if (own != nullptr && own->is_map()) metadata["labels"] = to_json(*own);
    }
    for (const auto& [key, value] : metadata_of(workload_)["annotations"].members()) {
      if (workload::is_passed_on(key, rules_))
        metadata["annotations"][std::string(key)] = to_json(*value.node);
    }
    for (const auto& [key, value] : numbers()) metadata["labels"][key] = value;
    metadata["labels"][std::string(labels::object)] = label_of(manifest_.id);
    metadata["labels"][std::string(labels::digest)] = kube_pod_.digest;
    // Always set, so that an image's own label does not count instead.
    metadata["labels"][std::string(labels::probes)] = probes_.dump();
    metadata["labels"][std::string(labels::restart)] = workload_.restart;
    metadata["labels"][std::string(labels::grace)] =
        std::to_string(workload::grace_of(*workload_.spec).count());
    metadata["labels"][std::string(labels::stop_hooks)] = hooks_.empty() ? "" : hooks_.dump();
    for (const auto label : {labels::init, labels::sidecar}) metadata["labels"][std::string(label)] = "";
    return metadata;
  }

  /// Podman runs init containers as often as it likes, so that they are started apart from kube play.
  void take_starters(OrderedJson& spec) {
    if (!spec.contains("initContainers")) return;
    const auto containers = std::move(spec["initContainers"]);
    spec.erase("initContainers");
    const auto pods = metadata();
    for (std::size_t turn = 0; turn < containers.size(); ++turn) {
      const bool stays = workload::is_sidecar(written_["initContainers"][turn]);
      Joining joining{kube_pod_.pod, stays ? "always" : "no", pods["labels"],
                      pods.value("annotations", OrderedJson())};
      joining.labels[std::string(stays ? labels::sidecar : labels::init)] = std::to_string(turn);
      auto body = container_spec(containers[turn], spec, joining);
      body["stop_timeout"] = workload::grace_of(*workload_.spec).count();
      // So that podman runs it first where a person starts the pod.
      if (!stays) body["init_container_type"] = "always";
      kube_pod_.starters.push_back({body["name"], body.dump()});
    }
  }

  /// What is Greenwave's of it.
  void read_container(OrderedJson container, bool starts_first, bool host_network) {
    const std::string name = container.value("name", "");
    if (!starts_first) kube_pod_.containers.push_back(kube_pod_.pod + "-" + name);
    const auto image = workload::image_of(container);
    auto& images = kube_pod_.images;
    if (!contains(images, image)) images.push_back(image);
    auto probes = workload::take_probes(container, host_network);
    auto hook = workload::take_stop_hook(container, host_network);
    if (starts_first && !workload::is_sidecar(container)) return;  // it ends by itself
    if (!probes.is_null()) probes_[name] = std::move(probes);
    if (!hook.is_null()) hooks_[name] = std::move(hook);
  }

  /// Each pod has its own.
  void give_claims(OrderedJson& spec, std::size_t number) {
    for (auto& volume : spec["volumes"]) {
      if (!contains(workload_.set->claims, volume["name"].get<std::string>())) continue;
      auto& claim = volume["persistentVolumeClaim"]["claimName"];
      claim = fmt::format("{}-{}", claim.get<std::string>(), number);
      kube_pod_.provision.own_claims.push_back(volume_of(manifest_.id.namespace_, claim));
    }
  }

  static void tell_number(OrderedJson& spec, std::size_t number) {
    for (const auto* list : {"initContainers", "containers"}) {
      if (!spec.contains(list)) continue;
      for (auto& container : spec[list])
        container["env"].push_back({{"name", "JOB_COMPLETION_INDEX"}, {"value", std::to_string(number)}});
    }
  }

  const Manifest& manifest_;
  const workload::Workload& workload_;
  const workload::Rules& rules_;
  const workload::Store& store_;
  const OrderedJson written_;  ///< the PodSpec
  KubePod kube_pod_;
  std::optional<std::size_t> number_{};  ///< of a pod that knows its own
  OrderedJson probes_;                   ///< by container
  OrderedJson hooks_;                    ///< by container
};

}  // namespace

std::string images_in(const std::vector<KubePod>& kube_pods) {
  std::string text;
  if (kube_pods.empty()) return text;
  for (const auto& image : kube_pods.front().images) {
    text += (text.empty() ? "" : ", ") + printable(image.reference);
  }
  return text;
}

std::string label_of(const ObjectId& id) {
  return fmt::format("{}/{}/{}/{}", id.api_version, id.kind, workload::plain_space(id.namespace_), id.name);
}

std::vector<KubePod> kube_pods_of(const Manifest& manifest, const workload::Workload& workload,
                                  const workload::Rules& rules, const workload::Store& store,
                                  const std::string& key) {
  std::vector<KubePod> kube_pods;
  const auto digest = to_hex(digest_of(manifest, workload, store, key)).substr(0, 32);
  Writer writer(manifest, workload, rules, store);
  try {
    const auto first = workload.set ? workload.set->first : 0;
    for (auto i = first; i < first + workload.pods; ++i) {
      auto name = fmt::format("{}-{}", manifest.id.name, digest.substr(0, shown_digest));
      if (workload.numbered) name += fmt::format("-{}", i);
      const bool indexed = workload.set || (workload.job && workload.job->indexed);
      kube_pods.push_back(writer.write(digest, std::move(name), indexed ? std::optional(i) : std::nullopt));
    }
  } catch (const nlohmann::json::exception& error) {
    // Its message names types, never values.
    throw Error(
        Fault::invalid,
        fmt::format("{} is not a pod as Kubernetes knows it: {}", to_string(manifest.id), error.what()),
        "compare its fields with Kubernetes' reference of the kind");
  }
  return kube_pods;
}

}  // namespace greenwave::drivers::podman
