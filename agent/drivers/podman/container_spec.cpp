#include "drivers/podman/container_spec.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "drivers/workload/quantity.h"

namespace greenwave::drivers::podman {

namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::int64_t cpu_period = 100'000;  ///< microseconds

const OrderedJson* member(const OrderedJson& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && !found->is_null() ? &*found : nullptr;
}

void copy(const OrderedJson& from, const char* key, OrderedJson& to, const char* name) {
  if (const auto* value = member(from, key)) to[name] = *value;
}

OrderedJson limits_of(const OrderedJson& container) {
  OrderedJson limits = OrderedJson::object();
  const auto* resources = member(container, "resources");
  const auto* written = resources != nullptr ? member(*resources, "limits") : nullptr;
  if (written == nullptr) return limits;
  const auto amount = [&](const char* what) {
    const auto* one = member(*written, what);
    return one != nullptr ? workload::parse_quantity(one->get<std::string>()) : std::nullopt;
  };
  if (const auto cpu = amount("cpu"))
    limits["cpu"] = {{"quota", cpu->thousandths() * (cpu_period / 1000)}, {"period", cpu_period}};
  if (const auto memory = amount("memory")) limits["memory"]["limit"] = memory->whole();
  return limits;
}

OrderedJson environment_of(const OrderedJson& container) {
  OrderedJson environment = OrderedJson::object();
  if (const auto* variables = member(container, "env")) {
    for (const auto& variable : *variables)
      environment[variable.at("name").get<std::string>()] = variable.value("value", "");
  }
  return environment;
}

/// "UID", "UID:GID"; empty: the image's.
std::string user_of(const OrderedJson& context) {
  std::string user;
  if (const auto* id = member(context, "runAsUser")) user = std::to_string(id->get<std::int64_t>());
  if (const auto* id = member(context, "runAsGroup")) user += fmt::format(":{}", id->get<std::int64_t>());
  return user;
}

void add_security(const OrderedJson& container, const OrderedJson& spec, OrderedJson& body) {
  const auto* pods = member(spec, "securityContext");
  if (const auto* groups = pods != nullptr ? member(*pods, "supplementalGroups") : nullptr) {
    for (const auto& group : *groups) body["groups"].push_back(std::to_string(group.get<std::int64_t>()));
  }
  const auto* own = member(container, "securityContext");
  if (own == nullptr) return;
  if (auto user = user_of(*own); !user.empty()) body["user"] = std::move(user);
  if (const auto* options = member(*own, "seLinuxOptions")) {
    for (const auto* key : {"user", "role", "type", "level"}) {
      if (const auto* value = member(*options, key))
        body["selinux_opts"].push_back(fmt::format("{}:{}", key, value->get<std::string>()));
    }
  }
  copy(*own, "readOnlyRootFilesystem", body, "read_only_filesystem");
  copy(*own, "privileged", body, "privileged");
  if (const auto* may = member(*own, "allowPrivilegeEscalation"))
    body["no_new_privileges"] = !may->get<bool>();
  if (const auto* capabilities = member(*own, "capabilities")) {
    copy(*capabilities, "add", body, "cap_add");
    copy(*capabilities, "drop", body, "cap_drop");
  }
}

/// What is behind a colon in its path is an option, as podman has it.
OrderedJson options_of(const OrderedJson& mount, const std::string& more) {
  auto options = OrderedJson::array();
  if (!more.empty()) options.push_back(more.substr(1));
  if (mount.value("readOnly", false)) options.push_back("ro");
  const auto* propagation = member(mount, "mountPropagation");
  if (propagation == nullptr) return options;
  if (*propagation == "None") options.push_back("private");
  if (*propagation == "HostToContainer") options.push_back("rslave");
  if (*propagation == "Bidirectional") options.push_back("rshared");
  return options;
}

const OrderedJson* volume_of(const OrderedJson& spec, const std::string& name) {
  const auto* volumes = member(spec, "volumes");
  if (volumes == nullptr) return nullptr;
  for (const auto& volume : *volumes) {
    if (volume.value("name", "") == name) return &volume;
  }
  return nullptr;
}

void add_mounts(const OrderedJson& container, const OrderedJson& spec, OrderedJson& body) {
  const auto* mounts = member(container, "volumeMounts");
  if (mounts == nullptr) return;
  for (const auto& mount : *mounts) {
    const auto* volume = volume_of(spec, mount.at("name"));
    if (volume == nullptr) continue;
    const auto written = mount.at("mountPath").get<std::string>();
    const auto place = written.substr(0, written.find(':'));
    auto options = options_of(mount, written.substr(place.size()));
    if (const auto* host = member(*volume, "hostPath")) {
      const auto& source = host->at("path").get_ref<const std::string&>();
      const auto type = host->value("type", "");
      if (type == "CharDevice" || type == "BlockDevice") {
        body["devices"].push_back({{"path", fmt::format("{}:{}", source, place)}});
      } else {
        body["mounts"].push_back(
            {{"destination", place}, {"type", "bind"}, {"source", source}, {"options", std::move(options)}});
      }
      continue;
    }
    const auto& name = volume->at("persistentVolumeClaim").at("claimName");
    body["volumes"].push_back({{"Name", name}, {"Dest", place}, {"Options", std::move(options)}});
  }
}

}  // namespace

OrderedJson container_spec(const OrderedJson& container, const OrderedJson& spec, const Joining& joining) {
  OrderedJson body{{"name", fmt::format("{}-{}", joining.pod, container.at("name").get<std::string>())},
                   {"pod", joining.pod},
                   {"image", container.at("image")},
                   {"labels", joining.labels},
                   {"restart_policy", joining.restart},
                   {"umask", "0022"},
                   {"env", environment_of(container)},
                   {"resource_limits", limits_of(container)}};
  if (!joining.annotations.is_null()) body["annotations"] = joining.annotations;
  copy(container, "command", body, "entrypoint");
  copy(container, "args", body, "command");
  copy(container, "workingDir", body, "work_dir");
  copy(container, "tty", body, "terminal");
  copy(container, "stdin", body, "stdin");
  if (spec.value("hostNetwork", false)) body["netns"] = {{"nsmode", "host"}};
  add_security(container, spec, body);
  add_mounts(container, spec, body);
  return body;
}

}  // namespace greenwave::drivers::podman
