#include "drivers/podman/pod_fields.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::drivers::podman {

namespace {

struct Known;
using Shape = std::span<const Known>;

/// A field that there is, and those in it, or in each item where it is a list. Without any, whatever is in it
/// is not looked at: a plain value, a map with keys of the author's own, or what podman does not read.
struct Known {
  std::string_view name;
  Shape in{};
};

constexpr Known key_of_map[]{{"name"}, {"key"}, {"optional"}};
constexpr Known field_ref[]{{"apiVersion"}, {"fieldPath"}};
constexpr Known resource_ref[]{{"containerName"}, {"divisor"}, {"resource"}};
constexpr Known value_from[]{{"configMapKeyRef", key_of_map},
                             {"secretKeyRef", key_of_map},
                             {"fieldRef", field_ref},
                             {"resourceFieldRef", resource_ref}};
constexpr Known variable[]{{"name"}, {"value"}, {"valueFrom", value_from}};
constexpr Known whole_map[]{{"name"}, {"optional"}};
constexpr Known variables[]{{"prefix"}, {"configMapRef", whole_map}, {"secretRef", whole_map}};

constexpr Known command[]{{"command"}};
constexpr Known header[]{{"name"}, {"value"}};
constexpr Known http_get[]{{"host"}, {"httpHeaders", header}, {"path"}, {"port"}, {"scheme"}};
constexpr Known tcp_socket[]{{"host"}, {"port"}};
constexpr Known grpc[]{{"port"}, {"service"}};
constexpr Known seconds[]{{"seconds"}};
constexpr Known probe[]{{"exec", command},         {"grpc", grpc},       {"httpGet", http_get},
                        {"tcpSocket", tcp_socket}, {"failureThreshold"}, {"initialDelaySeconds"},
                        {"periodSeconds"},         {"successThreshold"}, {"terminationGracePeriodSeconds"},
                        {"timeoutSeconds"}};
constexpr Known hook[]{
    {"exec", command}, {"httpGet", http_get}, {"sleep", seconds}, {"tcpSocket", tcp_socket}};
constexpr Known lifecycle[]{{"postStart", hook}, {"preStop", hook}, {"stopSignal"}};

constexpr Known port[]{{"containerPort"}, {"hostIP"}, {"hostPort"}, {"name"}, {"protocol"}};
constexpr Known resources[]{{"claims"}, {"limits"}, {"requests"}};
constexpr Known mount[]{{"mountPath"},         {"mountPropagation"}, {"name"},       {"readOnly"},
                        {"recursiveReadOnly"}, {"subPath"},          {"subPathExpr"}};
constexpr Known mounted_device[]{{"devicePath"}, {"name"}};

constexpr Known capabilities[]{{"add"}, {"drop"}};
constexpr Known profile[]{{"localhostProfile"}, {"type"}};
constexpr Known se_linux[]{{"level"}, {"role"}, {"type"}, {"user"}};
constexpr Known windows[]{
    {"gmsaCredentialSpec"}, {"gmsaCredentialSpecName"}, {"hostProcess"}, {"runAsUserName"}};
constexpr Known context[]{{"allowPrivilegeEscalation"},
                          {"appArmorProfile", profile},
                          {"capabilities", capabilities},
                          {"privileged"},
                          {"procMount"},
                          {"readOnlyRootFilesystem"},
                          {"runAsGroup"},
                          {"runAsNonRoot"},
                          {"runAsUser"},
                          {"seLinuxOptions", se_linux},
                          {"seccompProfile", profile},
                          {"windowsOptions", windows}};
constexpr Known sysctl[]{{"name"}, {"value"}};
constexpr Known pod_context[]{{"appArmorProfile", profile},
                              {"fsGroup"},
                              {"fsGroupChangePolicy"},
                              {"runAsGroup"},
                              {"runAsNonRoot"},
                              {"runAsUser"},
                              {"seLinuxChangePolicy"},
                              {"seLinuxOptions", se_linux},
                              {"seccompProfile", profile},
                              {"supplementalGroups"},
                              {"supplementalGroupsPolicy"},
                              {"sysctls", sysctl},
                              {"windowsOptions", windows}};

constexpr Known container[]{{"args"},
                            {"command"},
                            {"env", variable},
                            {"envFrom", variables},
                            {"image"},
                            {"imagePullPolicy"},
                            {"lifecycle", lifecycle},
                            {"livenessProbe", probe},
                            {"name"},
                            {"ports", port},
                            {"readinessProbe", probe},
                            {"resizePolicy"},
                            {"resources", resources},
                            {"restartPolicy"},
                            {"restartPolicyRules"},
                            {"securityContext", context},
                            {"startupProbe", probe},
                            {"stdin"},
                            {"stdinOnce"},
                            {"targetContainerName"},
                            {"terminationMessagePath"},
                            {"terminationMessagePolicy"},
                            {"tty"},
                            {"volumeDevices", mounted_device},
                            {"volumeMounts", mount},
                            {"workingDir"}};

constexpr Known item[]{{"key"}, {"mode"}, {"path"}};
constexpr Known map_files[]{{"defaultMode"}, {"items", item}, {"name"}, {"optional"}};
constexpr Known secret_files[]{{"defaultMode"}, {"items", item}, {"optional"}, {"secretName"}};
constexpr Known projected_files[]{{"items", item}, {"name"}, {"optional"}};
constexpr Known source[]{{"clusterTrustBundle"}, {"configMap", projected_files}, {"downwardAPI"},
                         {"podCertificate"},     {"secret", projected_files},    {"serviceAccountToken"}};
constexpr Known projected[]{{"defaultMode"}, {"sources", source}};
constexpr Known empty_directory[]{{"medium"}, {"sizeLimit"}};
constexpr Known host_path[]{{"path"}, {"type"}};
constexpr Known claim[]{{"claimName"}, {"readOnly"}};
constexpr Known volume[]{{"name"},
                         {"configMap", map_files},
                         {"emptyDir", empty_directory},
                         {"hostPath", host_path},
                         {"persistentVolumeClaim", claim},
                         {"projected", projected},
                         {"secret", secret_files},
                         // The kinds that podman does not mount.
                         {"awsElasticBlockStore"},
                         {"azureDisk"},
                         {"azureFile"},
                         {"cephfs"},
                         {"cinder"},
                         {"csi"},
                         {"downwardAPI"},
                         {"ephemeral"},
                         {"fc"},
                         {"flexVolume"},
                         {"flocker"},
                         {"gcePersistentDisk"},
                         {"gitRepo"},
                         {"glusterfs"},
                         {"image"},
                         {"iscsi"},
                         {"nfs"},
                         {"photonPersistentDisk"},
                         {"portworxVolume"},
                         {"quobyte"},
                         {"rbd"},
                         {"scaleIO"},
                         {"storageos"},
                         {"vsphereVolume"}};

constexpr Known host_alias[]{{"hostnames"}, {"ip"}};
constexpr Known dns[]{{"nameservers"}, {"options", header}, {"searches"}};
constexpr Known pod[]{{"activeDeadlineSeconds"},
                      {"affinity"},
                      {"automountServiceAccountToken"},
                      {"containers", container},
                      {"dnsConfig", dns},
                      {"dnsPolicy"},
                      {"enableServiceLinks"},
                      {"ephemeralContainers", container},
                      {"hostAliases", host_alias},
                      {"hostIPC"},
                      {"hostNetwork"},
                      {"hostPID"},
                      {"hostUsers"},
                      {"hostname"},
                      {"hostnameOverride"},
                      {"imagePullSecrets"},
                      {"initContainers", container},
                      {"nodeName"},
                      {"nodeSelector"},
                      {"os"},
                      {"overhead"},
                      {"preemptionPolicy"},
                      {"priority"},
                      {"priorityClassName"},
                      {"readinessGates"},
                      {"resourceClaims"},
                      {"resources", resources},
                      {"restartPolicy"},
                      {"runtimeClassName"},
                      {"schedulerName"},
                      {"schedulingGates"},
                      {"securityContext", pod_context},
                      {"serviceAccount"},
                      {"serviceAccountName"},
                      {"setHostnameAsFQDN"},
                      {"shareProcessNamespace"},
                      {"subdomain"},
                      {"terminationGracePeriodSeconds"},
                      {"tolerations"},
                      {"topologySpreadConstraints"},
                      {"volumes", volume}};

std::string meant_by(std::string_view name, Shape shape) {
  std::vector<std::string> names;
  for (const auto& known : shape) {
    if (same_but_for_case(known.name, name)) return std::string(known.name);
    names.emplace_back(known.name);
  }
  return nearest(name, names);
}

class FieldCheck {
 public:
  explicit FieldCheck(Problems& problems) : problems_(problems) {}

  void run(const workload::PodField& field, Shape shape) {
    if (!field.is_set() || shape.empty()) return;
    if (field.node->is_sequence()) {
      for (const auto& one : field.items()) run_map(one, shape);
    } else {
      run_map(field, shape);
    }
  }

 private:
  void run_map(const workload::PodField& field, Shape shape) {
    if (!field.node->is_map()) {
      problems_.error(field.node->place, fmt::format("{} is {}, not a map", field.path, kind_of(*field.node)),
                      "compare it with Kubernetes' reference of the kind");
      return;
    }
    for (const auto& member : *field.node->map()) {
      const auto known = std::ranges::find(shape, member.key, &Known::name);
      if (known != shape.end()) {
        run(field[member.key], known->in);
      } else {
        refuse(field, member, meant_by(member.key, shape));
      }
    }
  }

  void refuse(const workload::PodField& field, const yaml::Member& member, const std::string& meant) {
    problems_.error(member.key_place,
                    fmt::format("{}: a pod has no field {} there", field.path, printable(member.key)),
                    meant.empty() ? "leave it out" : fmt::format("write {}", meant));
  }

  Problems& problems_;
};

}  // namespace

void check_fields(const workload::PodField& spec, Problems& problems) {
  FieldCheck(problems).run(spec, pod);
}

}  // namespace greenwave::drivers::podman
