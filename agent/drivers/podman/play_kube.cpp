#include "drivers/podman/play_kube.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/contains.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "drivers/workload/pod_security.h"
#include "drivers/workload/probe.h"

namespace greenwave::drivers::podman {

namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t longest_host_name = 63;

bool is_published(const OrderedJson& port) {
  const auto host_port = port.find("hostPort");
  return host_port != port.end() && !host_port->is_null() && *host_port != 0;
}

/// Podman publishes a containerPort on all of the host's addresses. In Kubernetes it is documentation, and a
/// name for probes; hostPort alone publishes.
void keep_published_ports(OrderedJson& container) {
  const auto ports = container.find("ports");
  if (ports == container.end() || !ports->is_array()) return;
  auto published = OrderedJson::array();
  for (auto& port : *ports) {
    if (is_published(port)) published.push_back(std::move(port));
  }
  *ports = std::move(published);
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

Digest digest_of(const Manifest& manifest, const workload::Workload& workload, const workload::Store& store,
                 const std::string& key) {
  Hasher hasher(key);
  hasher.add_field(label_of(manifest.id));
  hasher.add_field(workload.metadata != nullptr ? yaml::canonical(*workload.metadata) : "");
  hasher.add_field(yaml::canonical(*workload.spec));
  for (const auto& need : workload.needs) {
    hasher.add_field(need.kind).add_field(need.name);
    const auto material = store.find(need, manifest.id.namespace_);
    hasher.add_field(material ? std::to_string(material->size()) : "absent");
    if (!material) continue;
    for (const auto& [name, bytes] : *material) hasher.add_field(name).add_field(bytes);
  }
  if (names_inner_ports(*workload.spec)) hasher.add_field("only host ports are published");
  return hasher.finish();
}

/// Fills one workload's parts in, as JSON.
class Writer {
 public:
  Writer(const Manifest& manifest, const workload::Workload& workload, const workload::Rules& rules,
         const workload::Store& store)
      : manifest_(manifest),
        workload_(workload),
        rules_(rules),
        content_(store, manifest.id.namespace_, metadata_of(workload)["annotations"].node) {}

  KubePod write(const std::string& digest, std::string pod) {
    kube_pod_ = {};
    maps_.clear();
    probes_ = OrderedJson::object();
    kube_pod_.digest = digest;
    kube_pod_.pod = std::move(pod);
    OrderedJson spec = to_json(*workload_.spec);
    const bool host_network = spec.value("hostNetwork", false);
    for (const auto* list : {"initContainers", "containers"}) {
      if (!spec.contains(list)) continue;
      for (auto& container : spec[list]) {
        const bool runs = std::string_view(list) == "containers";
        fill_container(container, runs);
        auto probes = workload::take_probes(container, host_network);
        keep_published_ports(container);
        if (runs && !probes.is_null()) probes_[container.value("name", "")] = std::move(probes);
      }
    }
    if (spec.contains("volumes")) {
      for (auto& volume : spec["volumes"]) fill_volume(volume);
    }
    spec["restartPolicy"] = workload_.restart;
    if (!spec.contains("hostname")) spec["hostname"] = manifest_.id.name.substr(0, longest_host_name);

    const OrderedJson document{
        {"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", metadata()}, {"spec", spec}};
    for (const auto& map : maps_) kube_pod_.text += map + "\n---\n";
    kube_pod_.text += document.dump() + "\n";
    return std::move(kube_pod_);
  }

 private:
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
    metadata["labels"][std::string(labels::object)] = label_of(manifest_.id);
    metadata["labels"][std::string(labels::digest)] = kube_pod_.digest;
    // Always set, so that an image's own label does not count instead.
    metadata["labels"][std::string(labels::probes)] = probes_.dump();
    metadata["labels"][std::string(labels::restart)] = workload_.restart;
    // Podman 4.3 removes init containers that run once while they end, which fails half of the time.
    metadata["annotations"]["io.podman.annotations.init.container.type"] = "always";
    return metadata;
  }

  void fill_container(OrderedJson& container, bool runs) {
    const std::string name = container.value("name", "");
    if (runs) kube_pod_.containers.push_back(kube_pod_.pod + "-" + name);
    const auto image = workload::image_of(container);
    auto& images = kube_pod_.images;
    if (!contains(images, image)) images.push_back(image);
    container["imagePullPolicy"] = "Never";  // the image is here by the time podman reads this
    content_.fill_environment(container);
  }

  void fill_volume(OrderedJson& volume) {
    const std::string own = fmt::format("{}-{}", kube_pod_.pod, volume.value("name", ""));
    if (const auto files = content_.files_of(volume)) {
      for (const auto* member : {"configMap", "secret", "projected"}) volume.erase(member);
      volume["configMap"] = {{"name", own}, {"optional", false}};
      add_map(own, *files);
    } else if (volume.contains("emptyDir")) {
      volume.erase("emptyDir");
      volume["persistentVolumeClaim"] = {{"claimName", own}};
      kube_pod_.volumes.push_back(own);
    } else if (volume.contains("hostPath")) {
      kube_pod_.host_paths.push_back(volume["hostPath"].value("path", ""));
    }
  }

  void add_map(const std::string& name, const workload::Material& material) {
    OrderedJson bytes = OrderedJson::object();
    for (const auto& [key, value] : material) bytes[key] = encode_base64(value);
    const OrderedJson map{{"apiVersion", "v1"},
                          {"kind", "ConfigMap"},
                          {"metadata", {{"name", name}}},
                          {"binaryData", std::move(bytes)}};
    maps_.push_back(map.dump());
    kube_pod_.volumes.push_back(name);
  }

  const Manifest& manifest_;
  const workload::Workload& workload_;
  const workload::Rules& rules_;
  const workload::Content content_;
  KubePod kube_pod_;
  std::vector<std::string> maps_;
  OrderedJson probes_;  ///< by container
};

}  // namespace

std::string label_of(const ObjectId& id) {
  return fmt::format("{}/{}/{}/{}", id.api_version, id.kind, id.namespace_, id.name);
}

std::vector<KubePod> kube_pods_of(const Manifest& manifest, const workload::Workload& workload,
                                  const workload::Rules& rules, const workload::Store& store,
                                  const std::string& key) {
  std::vector<KubePod> kube_pods;
  const auto digest = to_hex(digest_of(manifest, workload, store, key)).substr(0, 32);
  Writer writer(manifest, workload, rules, store);
  try {
    for (std::size_t i = 0; i < workload.pods; ++i) {
      auto name = fmt::format("{}-{}", manifest.id.name, digest.substr(0, shown_digest));
      if (workload.numbered) name += fmt::format("-{}", i);
      kube_pods.push_back(writer.write(digest, std::move(name)));
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
