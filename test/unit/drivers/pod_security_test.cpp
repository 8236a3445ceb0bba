#include "drivers/workload/pod_security.h"

#include <algorithm>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "drivers/workload/cron_job.h"
#include "unit/drivers/podman_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::workload;
using Catch::Matchers::Contains;

namespace {

using Json = nlohmann::ordered_json;

const Rules baseline{{"/srv", "/var/lib", "/run", "/dev"}, false};

/// A field that a control of the standards is about, with what it allows and refuses.
struct ControlCase {
  std::string control;
  std::string pointer;  ///< where the values are put, below the pod or a container
  std::string path;     ///< as the message has it
  std::vector<Json> allowed;
  std::vector<Json> refused;
};

Json probe_at(const char* how, const Json& host) {
  Json handler{{"port", 80}};
  if (!host.is_null()) handler["host"] = host;
  return {{how, handler}};
}

Json port_on(const Json& host_port) {
  return Json::array({{{"containerPort", 80}, {"hostPort", host_port}}});
}

const std::vector<Json> no_flag{nullptr, false};
const std::vector<Json> flags{true, "true", "false", 1};
const std::vector<Json> profile_words{nullptr, "RuntimeDefault", "Localhost"};
const std::vector<Json> no_profiles{"Unconfined", "unconfined", "Other", "", 1};
const std::vector<Json> local_names{nullptr, "a.json", "city/a.json"};
const std::vector<Json> foreign_names{"/srv/a.json", "../a.json", "a/../../b", 1};
const std::vector<Json> se_linux_kinds{
    nullptr, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"};
const std::vector<Json> no_se_linux_kinds{"spc_t", "unconfined_t", "Container_t", 1};

const std::vector<ControlCase>& pod_cases() {
  static const std::vector<ControlCase> cases{
      {"Host Namespaces", "/spec/hostNetwork", "spec.hostNetwork", no_flag, flags},
      {"Host Namespaces", "/spec/hostPID", "spec.hostPID", no_flag, flags},
      {"Host Namespaces", "/spec/hostIPC", "spec.hostIPC", no_flag, flags},
      {"HostProcess", "/spec/securityContext/windowsOptions/hostProcess",
       "spec.securityContext.windowsOptions.hostProcess", no_flag, flags},
      {"AppArmor", "/spec/securityContext/appArmorProfile/type", "spec.securityContext.appArmorProfile.type",
       profile_words, no_profiles},
      {"AppArmor",
       "/metadata/annotations/container.apparmor.security.beta.kubernetes.io~1a",
       "metadata.annotations[container.apparmor.security.beta.kubernetes.io/a]",
       {nullptr, "runtime/default", "localhost/spat"},
       {"unconfined", "localhost/../x", "", 1}},
      {"Seccomp", "/spec/securityContext/seccompProfile/type", "spec.securityContext.seccompProfile.type",
       profile_words, no_profiles},
      {"Seccomp", "/spec/securityContext/seccompProfile/localhostProfile",
       "spec.securityContext.seccompProfile.localhostProfile", local_names, foreign_names},
      {"Seccomp",
       "/metadata/annotations/seccomp.security.alpha.kubernetes.io~1pod",
       "metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]",
       {nullptr, "runtime/default", "docker/default", "localhost/a.json"},
       {"unconfined", "localhost/..", "localhost/a/b", "localhost/", "", 1}},
      {"Seccomp",
       "/metadata/annotations/container.seccomp.security.alpha.kubernetes.io~1a",
       "metadata.annotations[container.seccomp.security.alpha.kubernetes.io/a]",
       {nullptr, "runtime/default", "localhost/a.json"},
       {"unconfined", "Unconfined"}},
      {"SELinux", "/spec/securityContext/seLinuxOptions/type", "spec.securityContext.seLinuxOptions.type",
       se_linux_kinds, no_se_linux_kinds},
      {"SELinux",
       "/spec/securityContext/seLinuxOptions/user",
       "spec.securityContext.seLinuxOptions.user",
       {nullptr, ""},
       {"system_u", 1}},
      {"SELinux",
       "/spec/securityContext/seLinuxOptions/role",
       "spec.securityContext.seLinuxOptions.role",
       {nullptr, ""},
       {"sysadm_r"}},
      {"Sysctls",
       "/spec/securityContext/sysctls/0/name",
       "spec.securityContext.sysctls[0].name",
       {"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes"},
       {"kernel.core_pattern", "kernel.shmmax", "net.ipv4.ip_forward", "net/ipv4/tcp_syncookies", "", 1}},
      {"HostPath Volumes",
       "/spec/volumes/0/hostPath/path",
       "spec.volumes[0].hostPath.path",
       {"/srv", "/srv/maps", "/dev/ttyS0", "/var/lib/city"},
       {"/", "/etc", "/srvice", "srv", "/srv/../etc", "/srv//x", "/srv/.", nullptr, 1}},
      {"podman's own",
       "/spec/volumes/0/hostPath/path",
       "spec.volumes[0].hostPath.path",
       {"/var/lib/contain"},
       {"/var/lib", "/var/lib/containers", "/var/lib/containers/storage/volumes/x", "/run", "/run/podman",
        "/run/podman/podman.sock", "/run/containers/0"}},
      {"devices",
       "/spec/volumes/0/hostPath/type",
       "spec.volumes[0].hostPath.type",
       {nullptr, "", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"},
       {"BlockDevice", "CharDevice", "directory", 1}},
      {"devices",
       "/spec/resourceClaims",
       "spec.resourceClaims",
       {nullptr},
       {Json::array({{{"name", "gpu"}}})}},
      {"annotations",
       "/metadata/annotations/io.podman.annotations.privileged",
       "metadata.annotations[io.podman.annotations.privileged]",
       {},
       {"TRUE", ""}},
      {"annotations",
       "/metadata/annotations/io.podman.annotations.seccomp~1a",
       "metadata.annotations[io.podman.annotations.seccomp/a]",
       {},
       {"unconfined"}},
      {"annotations",
       "/metadata/annotations/io.containers.autoupdate",
       "metadata.annotations[io.containers.autoupdate]",
       {},
       {"registry"}},
      {"annotations",
       "/metadata/annotations/run.oci.hooks.stdout",
       "metadata.annotations[run.oci.hooks.stdout]",
       {},
       {"/etc/x"}},
      {"annotations",
       "/metadata/annotations/org.systemd.property.DeviceAllow",
       "metadata.annotations[org.systemd.property.DeviceAllow]",
       {},
       {"x"}},
      {"annotations",
       "/metadata/annotations/seccomp.security.alpha.kubernetes.io~1other",
       "metadata.annotations[seccomp.security.alpha.kubernetes.io/other]",
       {},
       {"unconfined"}},
  };
  return cases;
}

const std::vector<ControlCase>& container_cases() {
  static const std::vector<ControlCase> cases{
      {"HostProcess", "/securityContext/windowsOptions/hostProcess",
       "securityContext.windowsOptions.hostProcess", no_flag, flags},
      {"Privileged Containers", "/securityContext/privileged", "securityContext.privileged", no_flag, flags},
      {"Capabilities",
       "/securityContext/capabilities/add/0",
       "securityContext.capabilities.add[0]",
       {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
        "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "CAP_KILL", "kill"},
       {"ALL",
        "all",
        "SYS_ADMIN",
        "sys_admin",
        "cap_Sys_Module",
        "NET_ADMIN",
        "NET_RAW",
        "SYS_TIME",
        "SYSLOG",
        "SYS_PTRACE",
        "SYS_RAWIO",
        "DAC_READ_SEARCH",
        "BPF",
        "PERFMON",
        "CHECKPOINT_RESTORE",
        "MAC_ADMIN",
        "SYS_NICE",
        "IPC_LOCK",
        "LEASE",
        "WAKE_ALARM",
        "BLOCK_SUSPEND",
        "AUDIT_CONTROL",
        "NEVER_HEARD_OF",
        "",
        1}},
      {"AppArmor", "/securityContext/appArmorProfile/type", "securityContext.appArmorProfile.type",
       profile_words, no_profiles},
      {"Seccomp", "/securityContext/seccompProfile/type", "securityContext.seccompProfile.type",
       profile_words, no_profiles},
      {"Seccomp", "/securityContext/seccompProfile/localhostProfile",
       "securityContext.seccompProfile.localhostProfile", local_names, foreign_names},
      {"SELinux", "/securityContext/seLinuxOptions/type", "securityContext.seLinuxOptions.type",
       se_linux_kinds, no_se_linux_kinds},
      {"SELinux",
       "/securityContext/seLinuxOptions/user",
       "securityContext.seLinuxOptions.user",
       {nullptr, ""},
       {"root"}},
      {"SELinux",
       "/securityContext/seLinuxOptions/role",
       "securityContext.seLinuxOptions.role",
       {nullptr, ""},
       {"unconfined_r"}},
      {"/proc Mount Type",
       "/securityContext/procMount",
       "securityContext.procMount",
       {nullptr, "Default"},
       {"Unmasked", "default", ""}},
      {"Host Ports",
       "/ports",
       "ports[0].hostPort",
       {port_on(nullptr), port_on(0), port_on(1024), port_on(8080), port_on(65535)},
       {port_on(80), port_on(1023), port_on(-1), port_on(65536), port_on("8080")}},
      {"Host Probes / Lifecycle Hooks",
       "/livenessProbe",
       "livenessProbe.httpGet.host",
       {nullptr, probe_at("httpGet", nullptr), probe_at("httpGet", "")},
       {probe_at("httpGet", "127.0.0.1"), probe_at("httpGet", "10.0.0.1"), probe_at("httpGet", 1)}},
      {"Host Probes / Lifecycle Hooks",
       "/readinessProbe",
       "readinessProbe.tcpSocket.host",
       {probe_at("tcpSocket", nullptr)},
       {probe_at("tcpSocket", "gateway")}},
      {"Host Probes / Lifecycle Hooks",
       "/startupProbe",
       "startupProbe.tcpSocket.host",
       {probe_at("tcpSocket", nullptr)},
       {probe_at("tcpSocket", "::1")}},
      {"Host Probes / Lifecycle Hooks",
       "/lifecycle/preStop",
       "lifecycle.preStop.httpGet.host",
       {nullptr, probe_at("httpGet", "")},
       {probe_at("httpGet", "gateway")}},
      {"mount propagation",
       "/volumeMounts/0/mountPropagation",
       "volumeMounts[0].mountPropagation",
       {nullptr, "None", "HostToContainer"},
       {"Bidirectional", ""}},
      {"devices",
       "/resources/limits",
       "resources.limits[podman.io/device=/dev/kvm]",
       {{{"cpu", 1}, {"memory", "1Mi"}}, {{"hugepages-2Mi", "4Mi"}}, {{"ephemeral-storage", "1Gi"}}},
       {{{"podman.io/device=/dev/kvm", 1}}}},
      {"devices",
       "/resources/requests",
       "resources.requests[nvidia.com/gpu=all]",
       {{{"memory", "1Mi"}}},
       {{{"nvidia.com/gpu=all", 1}}}},
      {"devices", "/resources/claims", "resources.claims", {nullptr}, {Json::array({{{"name", "gpu"}}})}},
      {"devices",
       "/volumeDevices",
       "volumeDevices",
       {nullptr},
       {Json::array({{{"name", "v"}, {"devicePath", "/dev/xvda"}}})}},
  };
  return cases;
}

Json plain_container(const char* name) {
  return {
      {"name", name}, {"image", "i"}, {"volumeMounts", Json::array({{{"name", "v"}, {"mountPath", "/v"}}})}};
}

Json plain_pod() {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"name", "web"}}},
          {"spec",
           {{"initContainers", Json::array({plain_container("i")})},
            {"containers", Json::array({plain_container("a"), plain_container("b")})},
            {"volumes", Json::array({{{"name", "v"}, {"hostPath", {{"path", "/srv/v"}}}}})}}}};
}

void put(Json& pod, const std::string& pointer, const Json& value) {
  pod[Json::json_pointer(pointer)] = value;
}

std::vector<Problem> problems_in(const Json& pod, const Rules& rules = baseline) {
  const auto manifest = test::kube_manifest(pod.dump(1) + "\n");
  Problems problems;
  read_workload(manifest, rules, problems);
  auto list = problems.list();
  std::erase_if(list, [](const Problem& one) { return one.severity != Severity::error; });
  return list;
}

/// The one refusal, in its place.
void check_refused(const std::vector<Problem>& problems, const std::string& path,
                   const ControlCase& expected) {
  REQUIRE(problems.size() == 1);
  const auto text = to_string(problems.front());
  CHECK(problems.front().place.line > 1);
  CHECK_THAT(text, Contains("error: " + path + ": "));
  CHECK_THAT(text, Contains(expected.control));
  CHECK_THAT(text, Contains("agent.yaml"));
}

struct ContainerList {
  std::string pointer;
  std::string path;
};

const std::vector<ContainerList> container_lists{{"/spec/initContainers/0", "spec.initContainers[0]."},
                                                 {"/spec/containers/0", "spec.containers[0]."},
                                                 {"/spec/containers/1", "spec.containers[1]."}};

template <typename List>
const auto& any_of(const List& list, std::mt19937& random) {
  return list[std::uniform_int_distribution<std::size_t>(0, list.size() - 1)(random)];
}

bool overlap(const std::string& a, const std::string& b) {
  return a == b || a.starts_with(b + "/") || b.starts_with(a + "/");
}

/// Puts allowed values into some fields of the pod, but for the one at `spared`.
void fill_at_random(Json& pod, const std::string& spared, std::mt19937& random) {
  const auto fill = [&](const std::string& pointer, const ControlCase& one) {
    if (random() % 3 != 0 || one.allowed.empty() || overlap(pointer, spared)) return;
    put(pod, pointer, any_of(one.allowed, random));
  };
  for (const auto& one : pod_cases()) fill(one.pointer, one);
  for (const auto& list : container_lists) {
    for (const auto& one : container_cases()) fill(list.pointer + one.pointer, one);
  }
}

}  // namespace

TEST_CASE("pod security: each control of the baseline allows what the standards list, and refuses the rest") {
  for (const auto& one : pod_cases()) {
    for (const auto& value : one.allowed) {
      auto pod = plain_pod();
      put(pod, one.pointer, value);
      INFO(pod.dump());
      CHECK(problems_in(pod).empty());
    }
    for (const auto& value : one.refused) {
      auto pod = plain_pod();
      put(pod, one.pointer, value);
      INFO(pod.dump());
      check_refused(problems_in(pod), one.path, one);
    }
  }
}

TEST_CASE("pod security: what a container may not have, an init container may not either") {
  for (const auto& one : container_cases()) {
    for (const auto& list : container_lists) {
      for (const auto& value : one.allowed) {
        auto pod = plain_pod();
        put(pod, list.pointer + one.pointer, value);
        INFO(pod.dump());
        CHECK(problems_in(pod).empty());
      }
      for (const auto& value : one.refused) {
        auto pod = plain_pod();
        put(pod, list.pointer + one.pointer, value);
        INFO(pod.dump());
        check_refused(problems_in(pod), list.path + one.path, one);
      }
    }
  }
}

TEST_CASE("pod security: ephemeral containers are checked like others") {
  for (const auto& one : container_cases()) {
    auto pod = plain_pod();
    put(pod, "/spec/ephemeralContainers/0", plain_container("e"));
    put(pod, "/spec/ephemeralContainers/0" + one.pointer, one.refused.front());
    INFO(pod.dump());
    const auto problems = problems_in(pod);
    REQUIRE(problems.size() == 1);
    CHECK_THAT(to_string(problems.front()), Contains("spec.ephemeralContainers[0]." + one.path + ": "));
  }
}

TEST_CASE("pod security: a random pod within the baseline with one violation is refused for exactly that") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    auto pod = plain_pod();
    const bool is_pods = random() % 2 == 0;
    const auto& list = any_of(container_lists, random);
    const auto& violation = any_of(is_pods ? pod_cases() : container_cases(), random);
    const auto pointer = is_pods ? violation.pointer : list.pointer + violation.pointer;
    fill_at_random(pod, pointer, random);
    // What another control allows may be what makes this one's value right.
    if (violation.pointer.ends_with("hostPath/type")) put(pod, "/spec/volumes/0/hostPath/path", "/srv/v");
    if (violation.pointer.ends_with("hostPath/path")) put(pod, "/spec/volumes/0/hostPath/type", "File");
    // The host's network has its own sysctls.
    if (violation.pointer.ends_with("/hostNetwork")) pod["spec"].erase("securityContext");
    INFO("seed " << seed);
    CHECK(problems_in(pod).empty());
    put(pod, pointer, any_of(violation.refused, random));
    INFO(pod.dump());
    check_refused(problems_in(pod), is_pods ? violation.path : list.path + violation.path, violation);
    Rules privileged = baseline;
    privileged.allow_privileged = true;
    const auto left = problems_in(pod, privileged);
    CHECK((left.empty() || violation.control == "HostPath Volumes"));
  }
}

TEST_CASE("pod security: the path in a message begins where the kind has its pod") {
  const std::string containers = "containers: [{name: a, image: i, securityContext: {privileged: true}}]";
  const auto told = [&](const std::string& head, const std::string& tail) {
    Problems problems;
    const auto manifest = test::kube_manifest(head + "{" + containers + "}" + tail + "\n");
    if (manifest.id.kind == "CronJob") {
      read_cron_job(manifest, baseline, problems);
    } else {
      read_workload(manifest, baseline, problems);
    }
    REQUIRE(problems.size() == 1);
    return to_string(problems.list().front());
  };
  CHECK_THAT(
      told("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w}\nspec: {template: {spec: ", "}}"),
      Contains("pod.yaml:4:") && Contains("spec.template.spec.containers[0].securityContext.privileged: "));
  CHECK_THAT(told("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: w}\nspec: {schedule: \"@daily\", "
                  "jobTemplate: {spec: {template: {spec: ",
                  "}}}}"),
             Contains("spec.jobTemplate.spec.template.spec.containers[0].securityContext.privileged: "));
}

TEST_CASE("pod security: agent.yaml opens the device's network and ports, and nothing else with them") {
  auto rules = baseline;
  rules.allow_host_network = true;
  rules.host_ports = {{80, 80}, {500, 600}};
  auto pod = plain_pod();
  put(pod, "/spec/hostNetwork", true);
  put(pod, "/spec/containers/0/ports", port_on(80));
  put(pod, "/spec/containers/1/ports", port_on(550));
  CHECK(problems_in(pod, rules).empty());
  for (const auto* capability : {"NET_ADMIN", "NET_RAW", "SYS_ADMIN"}) {
    put(pod, "/spec/containers/0/securityContext/capabilities/add/0", capability);
    REQUIRE(problems_in(pod, rules).size() == 1);
    CHECK_THAT(to_string(problems_in(pod, rules).front()), Contains("Capabilities"));
  }
  put(pod, "/spec/containers/0/securityContext/capabilities/add/0", "KILL");
  put(pod, "/spec/containers/1/ports", port_on(8080));
  REQUIRE(problems_in(pod, rules).size() == 1);
  CHECK_THAT(to_string(problems_in(pod, rules).front()), Contains("choose one of 80, 500-600"));
  put(pod, "/spec/containers/1/ports", nullptr);
  put(pod, "/spec/securityContext/sysctls/0/name", "net.ipv4.tcp_syncookies");
  REQUIRE(problems_in(pod, rules).size() == 1);
  CHECK_THAT(to_string(problems_in(pod, rules).front()), Contains("the device's own"));
}
