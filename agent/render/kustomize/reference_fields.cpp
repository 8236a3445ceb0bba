#include "render/kustomize/reference_fields.h"

#include <map>
#include <string_view>
#include <utility>

#include "render/kustomize/field_path.h"

namespace greenwave::render::kustomize {

namespace {

constexpr const char* rbac = "rbac.authorization.k8s.io";
constexpr const char* admission = "admissionregistration.k8s.io";

/// Where a kind has the specification of its pods.
struct PodHolder {
  const char* kind;
  const char* spec;
};

constexpr PodHolder pods{"Pod", "spec/"};
constexpr PodHolder pod_templates{"PodTemplate", "template/spec/"};
constexpr PodHolder deployments{"Deployment", "spec/template/spec/"};
constexpr PodHolder replica_sets{"ReplicaSet", "spec/template/spec/"};
constexpr PodHolder daemon_sets{"DaemonSet", "spec/template/spec/"};
constexpr PodHolder stateful_sets{"StatefulSet", "spec/template/spec/"};
constexpr PodHolder replication{"ReplicationController", "spec/template/spec/"};
constexpr PodHolder jobs{"Job", "spec/template/spec/"};
constexpr PodHolder cron_jobs{"CronJob", "spec/jobTemplate/spec/template/spec/"};

class Table {
 public:
  Table() {
    for (const char* kind : {"Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"}) {
      add({"", "", kind}, "spec/scaleTargetRef/name", {"", "", "HorizontalPodAutoscaler"});
    }
    add_config_maps();
    add_secrets();
    add_services();
    add_roles();
    add_pod_members();
    add_storage();
    add({admission, "", "ValidatingAdmissionPolicy"}, "spec/policyName",
        {admission, "", "ValidatingAdmissionPolicyBinding"});
  }

  std::vector<FieldSpec> with_name_of(const KindFilter& target) const {
    std::vector<FieldSpec> fields;
    for (const auto& [written, field] : written_) {
      const auto& known = field.target;
      const bool same =
          known.group == target.group && known.version == target.version && known.kind == target.kind;
      if (same) fields.push_back({field.referrer, written, false});
    }
    return fields;
  }

  const std::vector<ReferenceField>& of(const std::string& kind) const {
    static const std::vector<ReferenceField> none;
    const auto found = by_kind_.find(kind);
    return found == by_kind_.end() ? none : found->second;
  }

 private:
  void add(const KindFilter& target, const std::string& path, const KindFilter& referrer) {
    const auto field = reference_field(target, {referrer, path, false});
    by_kind_[referrer.kind].push_back(field);
    written_.emplace_back(path, field);
  }

  /// kustomize wants version v1 of pods for what their specification names itself, and no version elsewhere.
  void add_in_pods(const KindFilter& target, const PodHolder& holder, const std::string& path) {
    const bool is_pod = std::string_view(holder.kind) == "Pod";
    add(target, holder.spec + path, {"", is_pod ? "v1" : "", holder.kind});
  }

  void add_config_maps() {
    const KindFilter config_map{"", "v1", "ConfigMap"};
    for (const auto& holder :
         {pods, pod_templates, deployments, replica_sets, daemon_sets, stateful_sets, jobs, cron_jobs}) {
      for (const char* path :
           {"volumes/configMap/name", "containers/env/valueFrom/configMapKeyRef/name",
            "initContainers/env/valueFrom/configMapKeyRef/name", "containers/envFrom/configMapRef/name",
            "initContainers/envFrom/configMapRef/name", "volumes/projected/sources/configMap/name"}) {
        add_in_pods(config_map, holder, path);
      }
    }
    add(config_map, "spec/configSource/configMap", {"", "", "Node"});
    add(config_map, "rules/resourceNames", {"", "", "Role"});
    add(config_map, "rules/resourceNames", {"", "", "ClusterRole"});
    add(config_map, R"(metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap)",
        {"", "", "Ingress"});
  }

  void add_secrets() {
    const KindFilter secret{"", "v1", "Secret"};
    for (const auto& holder :
         {pods, pod_templates, deployments, replica_sets, daemon_sets, stateful_sets, jobs, cron_jobs}) {
      for (const char* path : {"volumes/secret/secretName", "containers/env/valueFrom/secretKeyRef/name",
                               "initContainers/env/valueFrom/secretKeyRef/name",
                               "containers/envFrom/secretRef/name", "initContainers/envFrom/secretRef/name",
                               "imagePullSecrets/name", "volumes/projected/sources/secret/name"}) {
        add_in_pods(secret, holder, path);
      }
    }
    add(secret, "spec/tls/secretName", {"", "", "Ingress"});
    for (const char* annotation :
         {R"(ingress.kubernetes.io\/auth-secret)", R"(nginx.ingress.kubernetes.io\/auth-secret)",
          R"(nginx.ingress.kubernetes.io\/auth-tls-secret)"}) {
      add(secret, std::string("metadata/annotations/") + annotation, {"", "", "Ingress"});
    }
    add(secret, "imagePullSecrets/name", {"", "", "ServiceAccount"});
    for (const char* parameter : {"secretName", "adminSecretName", "userSecretName", "secretRef"}) {
      add(secret, std::string("parameters/") + parameter, {"", "", "StorageClass"});
    }
    add(secret, "rules/resourceNames", {"", "", "Role"});
    add(secret, "rules/resourceNames", {"", "", "ClusterRole"});
    add(secret, "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
        {"serving.knative.dev", "v1", "Service"});
    add(secret, "spec/azureFile/secretName", {"", "", "PersistentVolume"});
  }

  void add_services() {
    const KindFilter service{"", "v1", "Service"};
    add(service, "spec/serviceName", {"apps", "", "StatefulSet"});
    for (const char* path :
         {"spec/rules/http/paths/backend/serviceName", "spec/backend/serviceName",
          "spec/rules/http/paths/backend/service/name", "spec/defaultBackend/service/name"}) {
      add(service, path, {"", "", "Ingress"});
    }
    add(service, "spec/service/name", {"apiregistration.k8s.io", "", "APIService"});
    for (const char* kind : {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}) {
      add(service, "webhooks/clientConfig/service", {admission, "", kind});
    }
  }

  void add_roles() {
    add({rbac, "", "Role"}, "roleRef/name", {rbac, "", "RoleBinding"});
    for (const char* binding : {"RoleBinding", "ClusterRoleBinding"}) {
      add({rbac, "", "ClusterRole"}, "roleRef/name", {rbac, "", binding});
      add({"", "v1", "ServiceAccount"}, "subjects", {rbac, "", binding});
    }
  }

  void add_pod_members() {
    for (const auto& holder : {pods, stateful_sets, deployments, replication, cron_jobs, jobs, daemon_sets}) {
      const KindFilter referrer{"", "", holder.kind};
      const std::string spec = holder.spec;
      add({"", "v1", "ServiceAccount"}, spec + "serviceAccountName", referrer);
      add({"", "v1", "PersistentVolumeClaim"}, spec + "volumes/persistentVolumeClaim/claimName", referrer);
      add({"scheduling.k8s.io", "v1", "PriorityClass"}, spec + "priorityClassName", referrer);
    }
  }

  void add_storage() {
    const KindFilter storage_class{"storage.k8s.io", "v1", "StorageClass"};
    add({"", "v1", "PersistentVolume"}, "spec/volumeName", {"", "", "PersistentVolumeClaim"});
    add({"", "v1", "PersistentVolume"}, "rules/resourceNames", {"", "", "ClusterRole"});
    add(storage_class, "spec/storageClassName", {"", "", "PersistentVolume"});
    add(storage_class, "spec/storageClassName", {"", "", "PersistentVolumeClaim"});
    add(storage_class, "spec/volumeClaimTemplates/spec/storageClassName", {"", "", "StatefulSet"});
  }

  std::map<std::string, std::vector<ReferenceField>> by_kind_;
  std::vector<std::pair<std::string, ReferenceField>> written_;  ///< with their paths
};

const Table& known() {
  static const Table table;
  return table;
}

}  // namespace

ReferenceField reference_field(const KindFilter& target, const FieldSpec& field) {
  return {target, split_path(field.path), field.path == "roleRef/name", field.kinds};
}

std::vector<FieldSpec> fields_with_name_of(const KindFilter& target) {
  return known().with_name_of(target);
}

const std::vector<ReferenceField>& reference_fields(const std::string& kind) {
  return known().of(kind);
}

}  // namespace greenwave::render::kustomize
