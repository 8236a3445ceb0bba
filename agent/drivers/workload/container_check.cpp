#include "drivers/workload/container_check.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "drivers/workload/host_path.h"
#include "drivers/workload/probe.h"

namespace greenwave::drivers::workload {

namespace {

class ContainerCheck {
 public:
  ContainerCheck(const Rules& rules, Problems& problems) : rules_(rules), problems_(problems) {}

  void run(const PodField& pod) {
    const auto& spec = *pod.node;
    const auto* containers = spec.find("containers");
    if (containers == nullptr || !containers->is_sequence() || containers->sequence()->empty()) {
      problems_.error(spec.place, "the pod has no containers",
                      "write containers: [{name: NAME, image: IMAGE}]");
      return;
    }
    read_volumes(pod["volumes"]);
    for (const auto* key : {"initContainers", "containers"}) {
      const auto* list = spec.find(key);
      if (list == nullptr || list->is_null()) continue;
      if (!list->is_sequence()) {
        problems_.error(list->place, fmt::format("{} is not a list", key));
        continue;
      }
      for (const auto& container : *list->sequence()) read_container(container);
    }
  }

 private:
  void read_volumes(const PodField& volumes) {
    if (!volumes.is_set()) return;
    if (!volumes.node->is_sequence()) {
      problems_.error(volumes.node->place, "volumes is not a list");
      return;
    }
    for (const auto& volume : volumes.items()) read_volume(volume);
  }

  void read_volume(const PodField& field) {
    const auto& volume = *field.node;
    const auto* name = volume.find("name");
    if (name == nullptr || name->string() == nullptr) {
      problems_.error(volume.place, "the volume has no name", "give it one, for volumeMounts to name");
      return;
    }
    volumes_.insert(*name->string());
    const auto kinds =
        std::ranges::count_if(volume_kinds, [&](auto kind) { return volume.find(kind) != nullptr; });
    if (kinds > 1) {
      problems_.error(volume.place,
                      fmt::format("the volume {} is of more than one kind", printable(*name->string())),
                      "leave one");
      return;
    }
    if (const auto host = field["hostPath"]; host.node != nullptr) read_host_path(host);
    read_sources(volume);
    const auto* projected = volume.find("projected");
    if (projected == nullptr) return;
    const auto* sources = projected->find("sources");
    if (sources == nullptr || !sources->is_sequence()) {
      problems_.error(projected->place, "projected has no list of sources",
                      "write sources: [{configMap: {name: NAME}}, {secret: {name: NAME}}]");
      return;
    }
    for (const auto& source : *sources->sequence()) read_sources(source);
  }

  void read_sources(const yaml::Node& from) {
    for (const auto* kind : {"configMap", "secret"}) {
      for (const auto& item : items_in(from.at({kind, "items"}))) read_item(item);
    }
  }

  void read_item(const yaml::Node& item) {
    const auto* path = item.find("path");
    const auto* key = item.find("key");
    const bool good = path != nullptr && path->string() != nullptr && key != nullptr &&
                      key->string() != nullptr && !path->string()->empty() && *path->string() != "." &&
                      *path->string() != ".." && path->string()->find('/') == std::string::npos;
    if (good) return;
    problems_.error(item.place, "an item needs a key, and a path that is one name: no directories",
                    "write {key: KEY, path: FILE}");
  }

  void read_host_path(const PodField& host) {
    const auto written = host["path"];
    const auto* path = written.text();
    if (path != nullptr && is_allowed(rules_, *path)) return;
    const auto& place = path != nullptr ? written.node->place : host.node->place;
    const auto refuse = [&](std::string_view what, std::string remedy) {
      problems_.error(place,
                      fmt::format("{}: the host's path {} {}", written.path,
                                  path != nullptr ? printable(*path) : "(missing)", what),
                      std::move(remedy));
    };
    const auto seen = path != nullptr && is_below_allowed(rules_, *path) ? seen_at(*path) : "";
    if (seen.empty()) {
      refuse(fmt::format("is not allowed on this device ({}; Pod Security Standards: HostPath Volumes)",
                         fmt::join(rules_.allowed_paths, ", ")),
             "choose a path below one of these, in plain form, or add to allowedPaths in agent.yaml");
    } else {
      refuse("shows a container " + seen,
             "choose a path that has nothing of it, or set podman: {allowPrivileged: true} in agent.yaml");
    }
  }

  /// What is not for containers at a path, in words.
  std::string seen_at(const std::string& path) const {
    if (const auto* own = own_seen(rules_, path))
      return fmt::format("{} ({})", in_words(own->part), own->path);
    const auto engine = engine_seen(rules_, path);
    return engine.empty() ? "" : fmt::format("what is podman's own ({})", engine);
  }

  void read_container(const yaml::Node& container) {
    for (const auto* key : {"name", "image"}) {
      const auto* text = container.find(key);
      if (text != nullptr && text->string() != nullptr && !text->string()->empty()) continue;
      problems_.error(container.place, fmt::format("a container has no {}", key), "give it one");
    }
    check_probes(container, problems_);
    for (const auto& mount : items_in(container.find("volumeMounts"))) read_mount(mount);
  }

  void read_mount(const yaml::Node& mount) {
    const auto* name = mount.find("name");
    if (name == nullptr || name->string() == nullptr || !volumes_.contains(*name->string())) {
      problems_.error(mount.place, "this mounts a volume that the pod does not have",
                      "add it to the pod's volumes, or fix the name");
    }
  }

  const Rules& rules_;
  Problems& problems_;
  std::set<std::string> volumes_;
};

}  // namespace

void check_containers(const PodField& spec, const Rules& rules, Problems& problems) {
  ContainerCheck(rules, problems).run(spec);
}

}  // namespace greenwave::drivers::workload
