#include "drivers/workload/container_check.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/contains.h"
#include "base/text.h"
#include "drivers/workload/probe.h"

namespace greenwave::drivers::workload {

namespace {

/// With one of these a container can do to the host what a privileged one can.
constexpr std::array<std::string_view, 10> mighty{"ALL",       "SYS_ADMIN", "SYS_MODULE",      "SYS_PTRACE",
                                                  "SYS_RAWIO", "SYS_BOOT",  "DAC_READ_SEARCH", "MKNOD",
                                                  "BPF",       "MAC_ADMIN"};

constexpr const char* ask_for_privilege =
    "leave it out, or set podman: {allowPrivileged: true} in agent.yaml";

class ContainerCheck {
 public:
  ContainerCheck(const Rules& rules, Problems& problems) : rules_(rules), problems_(problems) {}

  void run(const yaml::Node& spec) {
    const auto* containers = spec.find("containers");
    if (containers == nullptr || !containers->is_sequence() || containers->sequence()->empty()) {
      problems_.error(spec.place, "the pod has no containers",
                      "write containers: [{name: NAME, image: IMAGE}]");
      return;
    }
    read_volumes(spec.find("volumes"));
    if (const auto* security = spec.find("securityContext")) refuse_unmasked(*security);
    for (const auto* key : {"initContainers", "containers"}) {
      const auto* list = spec.find(key);
      if (list == nullptr || list->is_null()) continue;
      if (!list->is_sequence()) {
        problems_.error(list->place, fmt::format("{} is not a list", key));
        continue;
      }
      for (const auto& container : *list->sequence()) read_container(container);
    }
    for (const auto* key : {"hostPID", "hostIPC"}) {
      if (is_true(spec.find(key))) refuse_privilege(*spec.find(key), key);
    }
  }

 private:
  void refuse_privilege(const yaml::Node& where, std::string_view what) {
    if (rules_.allow_privileged) return;
    problems_.error(where.place, fmt::format("this device does not allow {}", what), ask_for_privilege);
  }

  void read_volumes(const yaml::Node* volumes) {
    if (volumes == nullptr || volumes->is_null()) return;
    if (!volumes->is_sequence()) {
      problems_.error(volumes->place, "volumes is not a list");
      return;
    }
    for (const auto& volume : *volumes->sequence()) read_volume(volume);
  }

  void read_volume(const yaml::Node& volume) {
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
    if (const auto* host = volume.find("hostPath")) read_host_path(*host);
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

  /// What of the agent's is in a path that is allowed otherwise.
  const config::OwnPath* own_in_allowed(const std::string& path) const {
    const Rules others{rules_.allowed_paths, rules_.allow_privileged};
    return is_allowed(others, path) ? own_seen(rules_, path) : nullptr;
  }

  void read_host_path(const yaml::Node& host) {
    const auto* path = host.find("path");
    const bool good = path != nullptr && path->string() != nullptr;
    if (good && is_allowed(rules_, *path->string())) return;
    if (const auto* own = good ? own_in_allowed(*path->string()) : nullptr) {
      problems_.error(
          path->place,
          fmt::format("the host's path {} shows a container {} ({})", printable(*path->string()),
                      in_words(own->part), own->path),
          "choose a path that has nothing of the agent's; podman: {allowPrivileged: true} in agent.yaml "
          "allows it");
      return;
    }
    problems_.error(
        good ? path->place : host.place,
        fmt::format("the host's path {} is not allowed on this device ({})",
                    good ? printable(*path->string()) : "(missing)", fmt::join(rules_.allowed_paths, ", ")),
        "choose a path below one of these, in plain form, or add to allowedPaths in agent.yaml");
  }

  void read_container(const yaml::Node& container) {
    for (const auto* key : {"name", "image"}) {
      const auto* text = container.find(key);
      if (text != nullptr && text->string() != nullptr && !text->string()->empty()) continue;
      problems_.error(container.place, fmt::format("a container has no {}", key), "give it one");
    }
    check_probes(container, problems_);
    if (const auto* security = container.find("securityContext")) read_security(*security);
    for (const auto& mount : items_in(container.find("volumeMounts"))) read_mount(mount);
  }

  /// What breaks a container's isolation.
  void refuse_unmasked(const yaml::Node& security) {
    const auto refuse_word = [&](const yaml::Node* written, std::string_view word, std::string_view what) {
      if (written != nullptr && written->string() != nullptr && *written->string() == word) {
        refuse_privilege(*written, what);
      }
    };
    refuse_word(security.find("procMount"), "Unmasked", "procMount: Unmasked");
    refuse_word(security.at({"seccompProfile", "type"}), "Unconfined", "seccompProfile: {type: Unconfined}");
  }

  void read_security(const yaml::Node& security) {
    refuse_unmasked(security);
    if (is_true(security.find("privileged"))) refuse_privilege(*security.find("privileged"), "privileged");
    for (const auto& item : items_in(security.at({"capabilities", "add"}))) {
      if (item.string() == nullptr) continue;
      auto name = in_upper_case(*item.string());
      if (name.starts_with("CAP_")) name.erase(0, 4);
      if (contains(mighty, name)) refuse_privilege(item, fmt::format("the capability {}", name));
    }
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

void check_containers(const yaml::Node& spec, const Rules& rules, Problems& problems) {
  ContainerCheck(rules, problems).run(spec);
}

}  // namespace greenwave::drivers::workload
