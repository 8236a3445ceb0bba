#include "drivers/workload/pod_security.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/contains.h"
#include "base/text.h"

namespace greenwave::drivers::workload {

namespace {

using Words = std::span<const std::string_view>;

/// A control of the standards, or one of ours.
struct Control {
  std::string_view name;
  bool is_ours = false;
};

constexpr Control host_process{"HostProcess"};
constexpr Control host_namespaces{"Host Namespaces"};
constexpr Control privileged_containers{"Privileged Containers"};
constexpr Control capabilities{"Capabilities"};
constexpr Control host_ports{"Host Ports"};
constexpr Control host_probes{"Host Probes / Lifecycle Hooks"};
constexpr Control app_armor{"AppArmor"};
constexpr Control se_linux{"SELinux"};
constexpr Control proc_mount{"/proc Mount Type"};
constexpr Control seccomp{"Seccomp"};
constexpr Control sysctls{"Sysctls"};
constexpr Control devices{"devices", true};
constexpr Control propagation{"mount propagation", true};
constexpr Control orders{"annotations", true};

constexpr std::array<std::string_view, 13> baseline_capabilities{
    "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",      "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT"};
constexpr std::array<std::string_view, 10> safe_sysctls{
    "kernel.shm_rmid_forced",           "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",        "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",     "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",      "net.ipv4.tcp_syncookies"};
constexpr std::array<std::string_view, 4> se_linux_types{"container_t", "container_init_t", "container_kvm_t",
                                                         "container_engine_t"};
constexpr std::array<std::string_view, 2> profiles{"RuntimeDefault", "Localhost"};
constexpr std::array<std::string_view, 1> default_mount{"Default"};
constexpr std::array<std::string_view, 2> inward{"None", "HostToContainer"};
constexpr std::array<std::string_view, 6> host_path_types{
    "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice"};
constexpr std::array<std::string_view, 3> plain_resources{"cpu", "memory", "ephemeral-storage"};
constexpr std::string_view huge_pages = "hugepages-";
constexpr std::size_t most_shown = 80;

constexpr std::string_view seccomp_of_pod = "seccomp.security.alpha.kubernetes.io/pod";
constexpr std::string_view seccomp_of_container = "container.seccomp.security.alpha.kubernetes.io/";
constexpr std::string_view app_armor_of_container = "container.apparmor.security.beta.kubernetes.io/";
constexpr std::array<std::string_view, 2> seccomp_words{"runtime/default", "docker/default"};
constexpr std::array<std::string_view, 1> app_armor_words{"runtime/default"};
constexpr std::string_view local_profile = "localhost/";

/// Annotations by which podman, a runtime or a hook is told to do what no field of the pod says. None is
/// passed on; these are refused, because their authors count on them.
constexpr std::array<std::string_view, 13> orders_begin{
    "io.podman.",         "io.container",        "io.kubernetes.cri", "run.oci.",     "org.systemd.property.",
    "org.criu.",          "io.katacontainers.",  "dev.gvisor.",       "module.wasm.", "seccomp.security.",
    "container.seccomp.", "container.apparmor.", "cdi.k8s.io/"};

bool begins_with_any(std::string_view text, Words beginnings) {
  return std::ranges::any_of(beginnings, [&](auto begin) { return text.starts_with(begin); });
}

std::string in_words(const yaml::Node& value) {
  if (const auto* text = value.string()) return text->empty() ? "\"\"" : in_one_line(*text, most_shown);
  if (const auto* number = std::get_if<std::int64_t>(&value.value)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&value.value)) return *flag ? "true" : "false";
  return std::string(kind_of(value));
}

std::string one_of(Words words) {
  return fmt::format("write {}{}", words.size() > 1 ? "one of " : "", fmt::join(words, ", "));
}

std::string in_words(const std::vector<config::PortRange>& ranges) {
  std::vector<std::string> words;
  for (const auto& range : ranges) words.push_back(to_string(range));
  return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
}

bool is_seccomp(std::string_view annotation) {
  return annotation == seccomp_of_pod || annotation.starts_with(seccomp_of_container);
}

/// A profile that the device's owner has put where the engine looks: one name, which leads nowhere else.
bool is_local_profile(std::string_view text) {
  if (!text.starts_with(local_profile)) return false;
  const auto name = text.substr(local_profile.size());
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos;
}

class Baseline {
 public:
  Baseline(const Rules& rules, Problems& problems) : rules_(rules), problems_(problems) {}

  void check(const PodField& metadata, const PodField& spec) {
    for (const auto& [key, value] : metadata["annotations"].members()) check_annotation(key, value);
    check_namespaces(spec);
    const auto security = spec["securityContext"];
    check_context(security);
    for (const auto& sysctl : security["sysctls"].items())
      check_sysctl(sysctl, is_true(spec["hostNetwork"].node));
    for (const auto& volume : spec["volumes"].items()) check_device(volume["hostPath"]);
    refuse_any(spec["resourceClaims"], devices);
    for (const auto* list : {"initContainers", "containers", "ephemeralContainers"}) {
      for (const auto& container : spec[list].items()) check_container(container);
    }
  }

 private:
  void refuse(const PodField& field, const Control& control, std::string_view remedy) {
    problems_.error(
        field.node->place,
        fmt::format("{}: {} is beyond the baseline of {}: {}", field.path, in_words(*field.node),
                    control.is_ours ? "this device" : "Kubernetes' Pod Security Standards", control.name),
        fmt::format("{}, or set podman: {{allowPrivileged: true}} in agent.yaml", remedy));
  }

  void refuse_any(const PodField& field, const Control& control) {
    if (field.is_set()) refuse(field, control, "leave it out");
  }

  void allow_false(const PodField& field, const Control& control) {
    const bool is_false = field.is_set() && std::holds_alternative<bool>(field.node->value) &&
                          !std::get<bool>(field.node->value);
    if (field.is_set() && !is_false) refuse(field, control, "leave it out");
  }

  void allow_empty(const PodField& field, const Control& control) {
    if (field.is_set() && (field.text() == nullptr || !field.text()->empty()))
      refuse(field, control, "leave it out");
  }

  void allow_words(const PodField& field, const Control& control, Words words) {
    if (!field.is_set() || (field.text() != nullptr && contains(words, *field.text()))) return;
    refuse(field, control, one_of(words));
  }

  void check_annotation(std::string_view key, const PodField& value) {
    if (is_seccomp(key)) {
      allow_profile(value, seccomp, seccomp_words);
    } else if (key.starts_with(app_armor_of_container)) {
      allow_profile(value, app_armor, app_armor_words);
    } else if (begins_with_any(key, orders_begin)) {
      refuse(value, orders, "leave it out");
    }
  }

  void allow_profile(const PodField& annotation, const Control& control, Words words) {
    const auto* text = annotation.text();
    if (text != nullptr && (contains(words, *text) || is_local_profile(*text))) return;
    if (annotation.is_set()) refuse(annotation, control, "write runtime/default or localhost/NAME");
  }

  void check_namespaces(const PodField& spec) {
    for (const auto* key : {"hostPID", "hostIPC"}) allow_false(spec[key], host_namespaces);
    if (!rules_.allow_host_network && is_beyond_false(spec["hostNetwork"])) {
      refuse(spec["hostNetwork"], host_namespaces,
             "leave it out, set podman: {allowHostNetwork: true} in agent.yaml");
    }
  }

  static bool is_beyond_false(const PodField& field) {
    if (!field.is_set()) return false;
    const auto* flag = std::get_if<bool>(&field.node->value);
    return flag == nullptr || *flag;
  }

  /// Of the pod, or of one container.
  void check_context(const PodField& security) {
    allow_false(security["windowsOptions"]["hostProcess"], host_process);
    allow_words(security["appArmorProfile"]["type"], app_armor, profiles);
    allow_words(security["seccompProfile"]["type"], seccomp, profiles);
    check_profile_name(security["seccompProfile"]["localhostProfile"], seccomp);
    const auto labels = security["seLinuxOptions"];
    if (const auto type = labels["type"]; type.text() == nullptr || !type.text()->empty())
      allow_words(type, se_linux, se_linux_types);
    for (const auto* key : {"user", "role"}) allow_empty(labels[key], se_linux);
    allow_false(security["privileged"], privileged_containers);
    allow_words(security["procMount"], proc_mount, default_mount);
    for (const auto& name : security["capabilities"]["add"].items()) check_capability(name);
  }

  void check_profile_name(const PodField& profile, const Control& control) {
    if (!profile.is_set()) return;
    const auto* text = profile.text();
    if (text == nullptr || text->starts_with('/') || contains(split(*text, '/'), ".."))
      refuse(profile, control, "write the profile's path below the directory of profiles");
  }

  /// Podman takes capabilities in any case, with or without CAP_.
  void check_capability(const PodField& field) {
    auto name = field.text() != nullptr ? in_upper_case(*field.text()) : std::string();
    if (name.starts_with("CAP_")) name.erase(0, 4);
    if (!contains(baseline_capabilities, name)) refuse(field, capabilities, one_of(baseline_capabilities));
  }

  void check_sysctl(const PodField& sysctl, bool is_host_network) {
    const auto name = sysctl["name"];
    const auto* text = name.text();
    if (text == nullptr || !contains(safe_sysctls, *text)) {
      refuse(name.node != nullptr ? name : sysctl, sysctls, one_of(safe_sysctls));
    } else if (is_host_network && text->starts_with("net.")) {
      refuse(name, sysctls, "leave it out: with hostNetwork it would be the device's own");
    }
  }

  void check_device(const PodField& host_path) {
    const auto type = host_path["type"];
    if (type.text() != nullptr && type.text()->empty()) return;
    allow_words(type, devices, host_path_types);
    const auto* path = host_path["path"].text();
    const bool is_device = type.text() != nullptr && *type.text() == "CharDevice";
    if (is_device && (path == nullptr || !is_at_or_below(*path, "/dev")))
      refuse(type, devices, "name a file below /dev");
  }

  void check_container(const PodField& container) {
    check_context(container["securityContext"]);
    for (const auto& port : container["ports"].items()) check_port(port["hostPort"]);
    for (const auto* list : {"limits", "requests"}) {
      for (const auto& [name, value] : container["resources"][list].members()) check_resource(name, value);
    }
    refuse_any(container["resources"]["claims"], devices);
    refuse_any(container["volumeDevices"], devices);
    for (const auto& mount : container["volumeMounts"].items())
      allow_words(mount["mountPropagation"], propagation, inward);
    for (const auto* probe : {"startupProbe", "livenessProbe", "readinessProbe"})
      check_handler(container[probe]);
    for (const auto* hook : {"postStart", "preStop"}) check_handler(container["lifecycle"][hook]);
  }

  void check_handler(const PodField& handler) {
    for (const auto* how : {"httpGet", "tcpSocket"}) allow_empty(handler[how]["host"], host_probes);
  }

  void check_port(const PodField& port) {
    if (!port.is_set()) return;
    const auto* number = std::get_if<std::int64_t>(&port.node->value);
    if (number != nullptr && (*number == 0 || is_open(*number))) return;
    refuse(port, host_ports,
           fmt::format("choose one of {}, or add it to podman: {{hostPorts: […]}} in agent.yaml",
                       in_words(rules_.host_ports)));
  }

  bool is_open(std::int64_t port) const {
    return std::ranges::any_of(rules_.host_ports,
                               [&](const auto& range) { return range.first <= port && port <= range.last; });
  }

  void check_resource(std::string_view name, const PodField& resource) {
    if (contains(plain_resources, name) || name.starts_with(huge_pages)) return;
    refuse(resource, devices, "leave it out: only cpu and memory have limits");
  }

  const Rules& rules_;
  Problems& problems_;
};

}  // namespace

void check_security(const PodField& metadata, const PodField& spec, const Rules& rules, Problems& problems) {
  if (!rules.allow_privileged) Baseline(rules, problems).check(metadata, spec);
}

bool is_passed_on(std::string_view annotation, const Rules& rules) {
  return rules.allow_privileged || is_seccomp(annotation);
}

}  // namespace greenwave::drivers::workload
