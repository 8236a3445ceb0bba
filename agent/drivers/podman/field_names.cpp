#include "drivers/podman/field_names.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/text.h"

namespace greenwave::drivers::podman {

namespace {

/// The fields of Kubernetes' PodSpec and of what is in it (API reference, core/v1) that podman may read.
constexpr std::array<std::string_view, 167> fields{"activeDeadlineSeconds",
                                                   "add",
                                                   "affinity",
                                                   "allowPrivilegeEscalation",
                                                   "annotations",
                                                   "args",
                                                   "automountServiceAccountToken",
                                                   "awsElasticBlockStore",
                                                   "azureDisk",
                                                   "azureFile",
                                                   "binaryData",
                                                   "capabilities",
                                                   "cephfs",
                                                   "cinder",
                                                   "claimName",
                                                   "claims",
                                                   "command",
                                                   "configMap",
                                                   "configMapKeyRef",
                                                   "configMapRef",
                                                   "containerPort",
                                                   "containers",
                                                   "csi",
                                                   "data",
                                                   "defaultMode",
                                                   "devicePath",
                                                   "dnsConfig",
                                                   "dnsPolicy",
                                                   "downwardAPI",
                                                   "drop",
                                                   "emptyDir",
                                                   "enableServiceLinks",
                                                   "env",
                                                   "envFrom",
                                                   "ephemeral",
                                                   "ephemeralContainers",
                                                   "exec",
                                                   "failureThreshold",
                                                   "fc",
                                                   "fieldRef",
                                                   "flexVolume",
                                                   "flocker",
                                                   "fsGroup",
                                                   "fsGroupChangePolicy",
                                                   "gcePersistentDisk",
                                                   "gitRepo",
                                                   "glusterfs",
                                                   "grpc",
                                                   "hostAliases",
                                                   "hostIP",
                                                   "hostIPC",
                                                   "hostNetwork",
                                                   "hostPID",
                                                   "hostPath",
                                                   "hostPort",
                                                   "hostUsers",
                                                   "hostname",
                                                   "hostnames",
                                                   "httpGet",
                                                   "httpHeaders",
                                                   "image",
                                                   "imagePullPolicy",
                                                   "imagePullSecrets",
                                                   "initContainers",
                                                   "initialDelaySeconds",
                                                   "ip",
                                                   "iscsi",
                                                   "items",
                                                   "key",
                                                   "labels",
                                                   "level",
                                                   "lifecycle",
                                                   "limits",
                                                   "livenessProbe",
                                                   "localhostProfile",
                                                   "medium",
                                                   "mode",
                                                   "mountPath",
                                                   "mountPropagation",
                                                   "name",
                                                   "nameservers",
                                                   "nfs",
                                                   "nodeName",
                                                   "nodeSelector",
                                                   "operator",
                                                   "optional",
                                                   "options",
                                                   "overhead",
                                                   "path",
                                                   "periodSeconds",
                                                   "persistentVolumeClaim",
                                                   "photonPersistentDisk",
                                                   "port",
                                                   "ports",
                                                   "portworxVolume",
                                                   "postStart",
                                                   "preStop",
                                                   "preemptionPolicy",
                                                   "prefix",
                                                   "priority",
                                                   "priorityClassName",
                                                   "privileged",
                                                   "procMount",
                                                   "projected",
                                                   "protocol",
                                                   "quobyte",
                                                   "rbd",
                                                   "readOnly",
                                                   "readOnlyRootFilesystem",
                                                   "readinessGates",
                                                   "readinessProbe",
                                                   "requests",
                                                   "resourceFieldRef",
                                                   "resources",
                                                   "restartPolicy",
                                                   "role",
                                                   "runAsGroup",
                                                   "runAsNonRoot",
                                                   "runAsUser",
                                                   "runtimeClassName",
                                                   "scaleIO",
                                                   "schedulerName",
                                                   "scheme",
                                                   "seLinuxOptions",
                                                   "searches",
                                                   "seccompProfile",
                                                   "secret",
                                                   "secretKeyRef",
                                                   "secretName",
                                                   "secretRef",
                                                   "securityContext",
                                                   "server",
                                                   "serviceAccount",
                                                   "serviceAccountName",
                                                   "serviceAccountToken",
                                                   "setHostnameAsFQDN",
                                                   "shareProcessNamespace",
                                                   "sizeLimit",
                                                   "sources",
                                                   "startupProbe",
                                                   "stdin",
                                                   "stdinOnce",
                                                   "storageos",
                                                   "subPath",
                                                   "subPathExpr",
                                                   "subdomain",
                                                   "successThreshold",
                                                   "supplementalGroups",
                                                   "sysctls",
                                                   "tcpSocket",
                                                   "terminationGracePeriodSeconds",
                                                   "terminationMessagePath",
                                                   "terminationMessagePolicy",
                                                   "timeoutSeconds",
                                                   "tolerations",
                                                   "topologySpreadConstraints",
                                                   "tty",
                                                   "type",
                                                   "user",
                                                   "value",
                                                   "valueFrom",
                                                   "volumeDevices",
                                                   "volumeMounts",
                                                   "volumes",
                                                   "vsphereVolume",
                                                   "windowsOptions",
                                                   "workingDir"};

/// Maps whose keys the author chooses.
constexpr std::array<std::string_view, 8> free_maps{"labels",   "annotations", "nodeSelector", "limits",
                                                    "requests", "matchLabels", "options",      "overhead"};

const std::map<std::string, std::string_view>& by_lower_case() {
  static const auto all = [] {
    std::map<std::string, std::string_view> known;
    for (const auto field : fields) known.emplace(in_lower_case(field), field);
    return known;
  }();
  return all;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; });
}

}  // namespace

void check_field_names(const yaml::Node& node, Problems& problems) {
  if (const auto* list = node.sequence()) {
    for (const auto& item : *list) check_field_names(item, problems);
    return;
  }
  if (!node.is_map()) return;
  for (const auto& [key, place, value] : *node.map()) {
    const auto known = by_lower_case().find(in_lower_case(key));
    // Go folds some letters beyond ASCII, too, such as the long s.
    if (!is_ascii(key) || (known != by_lower_case().end() && known->second != key)) {
      problems.error(
          place, fmt::format("a pod has no field {}", printable(key)),
          known != by_lower_case().end() ? fmt::format("write {}", known->second) : "leave it out");
    }
    if (!contains(free_maps, key)) check_field_names(value, problems);
  }
}

}  // namespace greenwave::drivers::podman
