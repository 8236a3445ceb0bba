#include "drivers/podman/sheet.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "drivers/podman/claim_volume.h"
#include "drivers/workload/expansion.h"
#include "drivers/workload/quantity.h"
#include "drivers/workload/volume_check.h"

namespace greenwave::drivers::podman {

namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::int64_t least_processor = 10;  ///< thousandths: the kernel's least quota is 1 ms in 100

bool has(const OrderedJson& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && !found->is_null();
}

bool is_true(const OrderedJson& json, const char* key) {
  return has(json, key) && json[key].is_boolean() && json[key].get<bool>();
}

std::string text_in(const OrderedJson& json, const char* key) {
  return has(json, key) ? json[key].get<std::string>() : "";
}

void copy(const OrderedJson& from, OrderedJson& to, std::initializer_list<const char*> keys) {
  for (const auto* key : keys) {
    if (has(from, key)) to[key] = from[key];
  }
}

std::optional<workload::Quantity> quantity_in(const OrderedJson& json, const char* key) {
  if (!has(json, key)) return {};
  return workload::parse_quantity(json[key].is_string() ? json[key].get<std::string>() : json[key].dump());
}

/// "./a//b/" is "a/b".
std::string plain_sub(std::string_view sub) {
  std::string path;
  for (const auto name : split(sub, '/')) {
    if (name.empty() || name == ".") continue;
    path += path.empty() ? "" : "/";
    path += name;
  }
  return path;
}

/// In podman's words, and with podman's units.
OrderedJson limits_of(const OrderedJson& container) {
  OrderedJson limits = OrderedJson::object();
  if (!has(container, "resources") || !has(container["resources"], "limits")) return limits;
  const auto& written = container["resources"]["limits"];
  if (const auto memory = quantity_in(written, "memory"); memory && !memory->is_zero())
    limits["memory"] = std::to_string(memory->whole());
  if (const auto processors = quantity_in(written, "cpu"); processors && !processors->is_zero())
    limits["cpu"] = fmt::format("{}m", std::max(processors->thousandths(), least_processor));
  return limits;
}

/// Podman publishes a containerPort on all of the host's addresses. In Kubernetes it is documentation, and a
/// name for probes; hostPort alone publishes.
OrderedJson published_ports(const OrderedJson& container) {
  auto published = OrderedJson::array();
  if (!has(container, "ports")) return published;
  for (const auto& port : container["ports"]) {
    if (!has(port, "hostPort") || port["hostPort"] == 0) continue;
    OrderedJson one{{"containerPort", port["containerPort"]}, {"hostPort", port["hostPort"]}};
    const auto protocol = text_in(port, "protocol");
    one["protocol"] = protocol.empty() ? "TCP" : protocol;
    copy(port, one, {"hostIP"});
    published.push_back(std::move(one));
  }
  return published;
}

OrderedJson capabilities_of(const OrderedJson& written) {
  OrderedJson capabilities = OrderedJson::object();
  for (const auto* list : {"add", "drop"}) {
    if (!has(written, list)) continue;
    for (const auto& name : written[list]) {
      auto plain = in_upper_case(name.get<std::string>());
      if (plain.starts_with("CAP_")) plain.erase(0, 4);
      capabilities[list].push_back(std::move(plain));
    }
  }
  return capabilities;
}

class SheetWriter {
 public:
  SheetWriter(const workload::Workload& workload, const OrderedJson& written,
              const workload::Content& content, const workload::Rules& rules, KubePod& kube_pod)
      : workload_(workload), written_(written), content_(content), rules_(rules), kube_pod_(kube_pod) {}

  OrderedJson write() {
    auto& spec = spec_ = {{"restartPolicy", workload_.restart}};
    copy(written_, spec,
         {"hostname", "hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "dnsConfig",
          "hostAliases", "terminationGracePeriodSeconds"});
    const auto policy = text_in(written_, "dnsPolicy");
    spec["dnsPolicy"] = policy == "None" ? "None" : "Default";
    write_groups();
    read_volumes();
    for (const auto* list : {"initContainers", "containers"}) {
      if (!has(written_, list)) continue;
      spec[list] = OrderedJson::array();
      for (const auto& container : written_[list]) spec[list].push_back(container_of(container));
    }
    spec["volumes"] = OrderedJson::array();
    for (auto& [name, volume] : podman_volumes_) {
      volume["name"] = name;
      spec["volumes"].push_back(std::move(volume));
    }
    finish_own();
    return std::move(spec_);
  }

 private:
  struct Volume {
    const OrderedJson* written = nullptr;
    std::string place;  ///< where it is on the host; empty: podman knows
    bool is_read_only = false;
    OwnVolume* own = nullptr;
    bool is_claim = false;
  };

  const OrderedJson& pod_context() const {
    static const OrderedJson none = OrderedJson::object();
    return has(written_, "securityContext") ? written_["securityContext"] : none;
  }

  /// fsGroup is one of every container's groups.
  void write_groups() {
    auto groups = OrderedJson::array();
    const auto& context = pod_context();
    if (has(context, "fsGroup")) {
      kube_pod_.provision.group = context["fsGroup"].get<std::int64_t>();
      groups.push_back(context["fsGroup"]);
    }
    if (has(context, "supplementalGroups")) {
      for (const auto& group : context["supplementalGroups"]) {
        if (!contains(groups, group)) groups.push_back(group);
      }
    }
    kube_pod_.provision.only_mismatch = text_in(context, "fsGroupChangePolicy") == "OnRootMismatch";
    if (!groups.empty()) spec_["securityContext"]["supplementalGroups"] = std::move(groups);
  }

  void read_volumes() {
    if (!has(written_, "volumes")) return;
    kube_pod_.provision.own.reserve(written_["volumes"].size());  // they are pointed to
    for (const auto& written : written_["volumes"]) {
      const auto name = text_in(written, "name");
      auto& volume = volumes_[name];
      volume.written = &written;
      if (auto files = content_.files_of(written)) {
        volume.is_read_only = true;
        own(volume, {name, std::move(*files), false, {}});
      } else if (has(written, "hostPath")) {
        volume.place = text_in(written["hostPath"], "path");
      } else if (has(written, "persistentVolumeClaim")) {
        volume.is_claim = true;
        volume.is_read_only = is_true(written["persistentVolumeClaim"], "readOnly");
      } else {  // an emptyDir, also where nothing is said of it
        read_empty(volume, name, has(written, "emptyDir") ? written["emptyDir"] : OrderedJson::object());
      }
    }
  }

  void own(Volume& volume, OwnVolume made) {
    volume.place = fmt::format("{}/{}/{}", rules_.device.pods, kube_pod_.pod, made.name);
    volume.own = &kube_pod_.provision.own.emplace_back(std::move(made));
  }

  void read_empty(Volume& volume, const std::string& name, const OrderedJson& empty) {
    if (text_in(empty, "medium") != "Memory") return own(volume, {name, {}, true, {}});
    MemoryVolume memory{fmt::format("{}-{}", kube_pod_.pod, name), {}};
    if (const auto size = quantity_in(empty, "sizeLimit"); size && !size->is_zero())
      memory.size = size->whole();
    kube_pod_.provision.memory.push_back(std::move(memory));
  }

  OrderedJson container_of(const OrderedJson& written) {
    OrderedJson container{{"name", text_in(written, "name")},
                          {"image", text_in(written, "image")},
                          {"imagePullPolicy", "Never"}};  // the image is here by the time podman reads this
    copy(written, container, {"workingDir", "stdin", "tty"});
    const auto variables = content_.environment_of(written);
    const auto value_of = [&](std::string_view name) {
      const auto found = variables.find(std::string(name));
      return found == variables.end() ? nullptr : &found->second;
    };
    for (const auto* list : {"command", "args"}) {
      if (!has(written, list)) continue;
      container[list] = OrderedJson::array();
      for (const auto& word : written[list])
        container[list].push_back(workload::expanded(word.get<std::string>(), value_of));
    }
    container["env"] = OrderedJson::array();
    for (const auto& [name, value] : variables)
      container["env"].push_back({{"name", name}, {"value", value}});
    if (auto limits = limits_of(written); !limits.empty())
      container["resources"]["limits"] = std::move(limits);
    if (!is_true(written_, "hostNetwork")) {
      if (auto ports = published_ports(written); !ports.empty()) container["ports"] = std::move(ports);
    }
    if (auto context = context_of(written); !context.empty())
      container["securityContext"] = std::move(context);
    if (has(written, "volumeMounts")) {
      container["volumeMounts"] = OrderedJson::array();
      for (const auto& mount : written["volumeMounts"])
        container["volumeMounts"].push_back(mount_of(mount, value_of));
    }
    return container;
  }

  /// What the pod says counts where the container says nothing.
  OrderedJson context_of(const OrderedJson& written) {
    static const OrderedJson none = OrderedJson::object();
    const auto& own = has(written, "securityContext") ? written["securityContext"] : none;
    OrderedJson context = OrderedJson::object();
    copy(pod_context(), context, {"runAsUser", "runAsGroup", "seLinuxOptions"});
    copy(own, context,
         {"runAsUser", "runAsGroup", "seLinuxOptions", "privileged", "readOnlyRootFilesystem",
          "allowPrivilegeEscalation"});
    if (has(own, "capabilities")) context["capabilities"] = capabilities_of(own["capabilities"]);
    const auto& says_root = has(own, "runAsNonRoot") ? own : pod_context();
    const bool non_root = is_true(says_root, "runAsNonRoot");
    if (!has(context, "runAsUser") && (non_root || has(context, "runAsGroup"))) {
      ImageUser user{text_in(written, "name"), text_in(written, "image"), non_root, {}};
      if (has(context, "runAsGroup")) user.group = context["runAsGroup"].get<std::int64_t>();
      context.erase("runAsGroup");
      kube_pod_.provision.users.push_back(std::move(user));
    }
    return context;
  }

  std::string sub_of(const OrderedJson& mount, const workload::Lookup& value_of) const {
    const auto expression = text_in(mount, "subPathExpr");
    if (expression.empty()) return plain_sub(text_in(mount, "subPath"));
    const auto sub = workload::expanded(expression, value_of);
    if (!workload::leads_down(sub) || sub.find("$(") != sub.npos) {
      throw Error(
          Fault::invalid,
          fmt::format("the subPathExpr {} does not become a path in its volume", printable(expression)),
          "it needs variables of the container whose values are parts of a path");
    }
    return plain_sub(sub);
  }

  OrderedJson mount_of(const OrderedJson& written, const workload::Lookup& value_of) {
    const auto name = text_in(written, "name");
    auto& volume = volumes_.at(name);
    const auto sub = sub_of(written, value_of);
    const bool read_only = volume.is_read_only || is_true(written, "readOnly");
    const auto path = text_in(written, "mountPath");
    // Podman would fill an empty volume of its own with what the image has there.
    const bool is_podmans = volume.place.empty() && sub.empty();
    OrderedJson mount{{"name", podman_volume(name, volume, sub, read_only)},
                      {"mountPath", is_podmans ? path + ":nocopy" : path},
                      {"readOnly", read_only}};
    copy(written, mount, {"mountPropagation"});
    return mount;
  }

  /// The name of the volume in the sheet that is this part of it.
  std::string podman_volume(const std::string& name, Volume& volume, const std::string& sub, bool read_only) {
    if (volume.own != nullptr && !sub.empty() && !contains(volume.own->subs, sub))
      volume.own->subs.push_back(sub);
    if (volume.is_claim) note_claim(volume, sub, read_only);
    auto& parts = parts_[name];
    auto known = std::ranges::find(parts, sub);
    if (known == parts.end()) known = parts.insert(parts.end(), sub);
    const auto number = known - parts.begin();
    auto shown = sub.empty() ? name : fmt::format("{}-part{}", name, number);
    podman_volumes_[shown] = source_of(name, volume, sub);
    return shown;
  }

  OrderedJson source_of(const std::string& name, const Volume& volume, const std::string& sub) {
    if (volume.is_claim) {
      const auto claim = claim_of(volume);
      if (!sub.empty()) return {{"hostPath", {{"path", claim_path(claim, sub)}}}};
      return {{"persistentVolumeClaim", {{"claimName", claim}}}};
    }
    if (volume.place.empty())
      return {{"persistentVolumeClaim", {{"claimName", fmt::format("{}-{}", kube_pod_.pod, name)}}}};
    auto place = volume.place + (sub.empty() ? "" : "/" + sub);
    OrderedJson source{{"hostPath", {{"path", place}}}};
    if (volume.own == nullptr) {
      const auto type = text_in((*volume.written)["hostPath"], "type");
      if (!type.empty() && sub.empty()) source["hostPath"]["type"] = type;
      if (!contains(kube_pod_.host_paths, place)) kube_pod_.host_paths.push_back(std::move(place));
    }
    return source;
  }

  std::string claim_of(const Volume& volume) const {
    return volume_of(content_.space(), text_in((*volume.written)["persistentVolumeClaim"], "claimName"));
  }

  void note_claim(const Volume& volume, const std::string& sub, bool read_only) {
    const auto claim = claim_of(volume);
    auto& claims = kube_pod_.provision.claims;
    const auto same = [&](const ClaimPart& part) { return part.volume == claim && part.sub == sub; };
    auto known = std::ranges::find_if(claims, same);
    if (known == claims.end()) known = claims.insert(claims.end(), {claim, sub, false});
    known->writable = known->writable || !read_only;
  }

  /// Volumes that no container mounts are left out; hostPaths are checked all the same.
  void finish_own() {
    for (const auto& [name, volume] : volumes_) {
      if (volume.written == nullptr || !has(*volume.written, "hostPath") || parts_.contains(name)) continue;
      if (!contains(kube_pod_.host_paths, volume.place)) kube_pod_.host_paths.push_back(volume.place);
    }
    std::erase_if(kube_pod_.provision.own, [&](const OwnVolume& own) { return !parts_.contains(own.name); });
  }

  const workload::Workload& workload_;
  const OrderedJson& written_;
  const workload::Content& content_;
  const workload::Rules& rules_;
  KubePod& kube_pod_;
  OrderedJson spec_;
  std::map<std::string, Volume> volumes_;
  std::map<std::string, std::vector<std::string>> parts_;  ///< what is mounted of each volume
  std::map<std::string, OrderedJson> podman_volumes_;      ///< of the sheet, by name
};

}  // namespace

OrderedJson sheet_of(const workload::Workload& workload, const OrderedJson& written,
                     const workload::Content& content, const workload::Rules& rules, KubePod& kube_pod) {
  return SheetWriter(workload, written, content, rules, kube_pod).write();
}

}  // namespace greenwave::drivers::podman
