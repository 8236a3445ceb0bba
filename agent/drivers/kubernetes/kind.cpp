#include "drivers/kubernetes/kind.h"

#include <array>
#include <string_view>

#include "base/contains.h"
#include "model/kubernetes_kind.h"

namespace greenwave::drivers::kubernetes {

namespace {

using std::string_view;

constexpr int namespaces = 100, definitions = 110, of_the_cluster = 120, needed = 130, others = 140,
              workloads = 150, gates = 160;

constexpr auto watch_interval = std::chrono::seconds(2);
constexpr auto watch_within = std::chrono::minutes(5);

constexpr std::array<string_view, 9> needed_by_workloads{
    "ResourceQuota",
    "LimitRange",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "PersistentVolumeClaim",
    "Role.rbac.authorization.k8s.io",
    "RoleBinding.rbac.authorization.k8s.io",
    "PodDisruptionBudget.policy",
};

constexpr std::array<string_view, 8> workload_kinds{
    "Pod",
    "ReplicationController",
    "Deployment.apps",
    "StatefulSet.apps",
    "DaemonSet.apps",
    "ReplicaSet.apps",
    "Job.batch",
    "CronJob.batch",
};

constexpr std::array<string_view, 5> gate_kinds{
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
    "MutatingWebhookConfiguration.admissionregistration.k8s.io",
    "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
    "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
    "APIService.apiregistration.k8s.io",
};

constexpr std::array<string_view, 9> watched{
    "Pod",
    "PersistentVolumeClaim",
    "Deployment.apps",
    "StatefulSet.apps",
    "DaemonSet.apps",
    "ReplicaSet.apps",
    "Job.batch",
    "CustomResourceDefinition.apiextensions.k8s.io",
    "APIService.apiregistration.k8s.io",
};

std::string name_of(const ObjectId& id) {
  return kind_and_group(id.api_version, id.kind);
}

}  // namespace

int rank_of(const ObjectId& id) {
  const auto name = name_of(id);
  if (is_namespace(id)) return namespaces;
  if (is_definition(id)) return definitions;
  if (contains(gate_kinds, name)) return gates;
  if (is_cluster_scoped(id)) return of_the_cluster;
  if (contains(needed_by_workloads, name)) return needed;
  return contains(workload_kinds, name) ? workloads : others;
}

bool is_namespace(const ObjectId& id) {
  return id.kind == "Namespace" && group_of(id.api_version).empty();
}

bool is_definition(const ObjectId& id) {
  return id.kind == "CustomResourceDefinition" && group_of(id.api_version) == "apiextensions.k8s.io";
}

bool is_custom(const ObjectId& id) {
  const auto group = group_of(id.api_version);
  return group.find('.') != string_view::npos && !group.ends_with(".k8s.io");
}

bool is_secret(const ObjectId& id) {
  return id.kind == "Secret" && group_of(id.api_version).empty();
}

bool is_config_map(const ObjectId& id) {
  return id.kind == "ConfigMap" && group_of(id.api_version).empty();
}

bool is_job(const ObjectId& id) {
  return id.kind == "Job" && group_of(id.api_version) == "batch";
}

bool is_claim(const ObjectId& id) {
  return id.kind == "PersistentVolumeClaim" && group_of(id.api_version).empty();
}

bool has_labels_of_pods(const ObjectId& id) {
  return is_job(id) || name_of(id) == "ReplicationController";
}

bool is_workload(const ObjectId& id) {
  return contains(workload_kinds, name_of(id));
}

std::optional<plan::Watch> watch_of(const ObjectId& id) {
  if (!contains(watched, name_of(id)) && !is_custom(id)) return {};
  return plan::Watch{.interval = watch_interval, .within = watch_within};
}

}  // namespace greenwave::drivers::kubernetes
