#include "model/kubernetes_kind.h"

#include <array>

#include "base/contains.h"

namespace greenwave {

namespace {

constexpr std::array<std::string_view, 30> cluster_scoped{
    "Namespace",
    "Node",
    "PersistentVolume",
    "CustomResourceDefinition.apiextensions.k8s.io",
    "APIService.apiregistration.k8s.io",
    "ClusterRole.rbac.authorization.k8s.io",
    "ClusterRoleBinding.rbac.authorization.k8s.io",
    "StorageClass.storage.k8s.io",
    "VolumeAttachment.storage.k8s.io",
    "CSIDriver.storage.k8s.io",
    "CSINode.storage.k8s.io",
    "VolumeAttributesClass.storage.k8s.io",
    "PriorityClass.scheduling.k8s.io",
    "RuntimeClass.node.k8s.io",
    "IngressClass.networking.k8s.io",
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
    "MutatingWebhookConfiguration.admissionregistration.k8s.io",
    "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
    "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
    "MutatingAdmissionPolicy.admissionregistration.k8s.io",
    "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
    "IPAddress.networking.k8s.io",
    "ServiceCIDR.networking.k8s.io",
    "DeviceClass.resource.k8s.io",
    "ResourceSlice.resource.k8s.io",
    "ClusterTrustBundle.certificates.k8s.io",
    "StorageVersionMigration.storagemigration.k8s.io",
    "FlowSchema.flowcontrol.apiserver.k8s.io",
    "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io",
    "CertificateSigningRequest.certificates.k8s.io",
};

constexpr std::array<std::string_view, 18> core{
    "Binding",
    "ComponentStatus",
    "ConfigMap",
    "Endpoints",
    "Event",
    "LimitRange",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodTemplate",
    "ReplicationController",
    "ResourceQuota",
    "Secret",
    "Service",
    "ServiceAccount",
    "List",
};
constexpr std::array<std::string_view, 5> apps{"ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet",
                                               "StatefulSet"};
constexpr std::array<std::string_view, 2> batch{"CronJob", "Job"};

}  // namespace

std::string_view group_of(std::string_view api_version) {
  const auto slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

std::string kind_and_group(std::string_view api_version, std::string_view kind) {
  std::string name(kind);
  if (const auto group = group_of(api_version); !group.empty()) name.append(".").append(group);
  return name;
}

std::optional<bool> kubernetes_has(const ObjectId& id) {
  if (id.api_version == "v1") return contains(core, id.kind);
  if (id.api_version == "apps/v1") return contains(apps, id.kind);
  if (id.api_version == "batch/v1") return contains(batch, id.kind);
  return {};
}

bool is_cluster_scoped(const ObjectId& id) {
  return contains(cluster_scoped, kind_and_group(id.api_version, id.kind));
}

}  // namespace greenwave
