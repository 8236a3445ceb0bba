#include "render/kustomize/shapes.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace greenwave::render::kustomize {

namespace {

Shape list(std::string_view name, std::string_view key, std::vector<Shape> members = {}) {
  return {name, key, {}, {}, std::move(members)};
}

Shape list_by_two(std::string_view name, std::string_view key, std::string_view second) {
  return {name, key, second, {}, {}};
}

Shape inside(std::string_view name, std::vector<Shape> members) {
  return {name, {}, {}, {}, std::move(members)};
}

Shape metadata() {
  return inside("metadata", {list("finalizers", by_value), list("ownerReferences", "uid")});
}

Shape containers(std::string_view name, bool have_ports) {
  std::vector<Shape> members{list("env", "name"), list("volumeMounts", "mountPath"),
                             list("volumeDevices", "devicePath")};
  if (have_ports) members.push_back(list_by_two("ports", "containerPort", "protocol"));
  return list(name, "name", std::move(members));
}

Shape pod_spec() {
  const auto claim = inside("ephemeral", {inside("volumeClaimTemplate", {metadata()})});
  return inside("spec", {containers("containers", true), containers("initContainers", true),
                         containers("ephemeralContainers", false), list("volumes", "name", {claim}),
                         list("imagePullSecrets", "name"), list("hostAliases", "ip"),
                         list_by_two("topologySpreadConstraints", "topologyKey", "whenUnsatisfiable")});
}

Shape conditions() {
  return inside("status", {list("conditions", "type")});
}

Shape object(std::vector<Shape> members = {}) {
  members.push_back(metadata());
  members.push_back(conditions());
  return inside({}, std::move(members));
}

Shape pod_template(std::string_view name) {
  return inside(name, {metadata(), pod_spec()});
}

Shape workload() {
  return object({inside("spec", {pod_template("template")})});
}

Shape stateful_set() {
  return object({inside(
      "spec", {pod_template("template"), inside("volumeClaimTemplates", {metadata(), conditions()})})});
}

Shape cron_job() {
  return object(
      {inside("spec", {inside("jobTemplate", {metadata(), inside("spec", {pod_template("template")})})})});
}

using Shapes = std::map<std::pair<std::string, std::string>, Shape, std::less<>>;

Shapes known_shapes() {
  Shapes shapes;
  const auto add = [&shapes](const std::string& api_version, std::vector<std::string> kinds,
                             const Shape& shape) {
    for (auto& kind : kinds) shapes.emplace(std::pair(api_version, std::move(kind)), shape);
  };
  const auto plain = object();
  const auto webhooks = object({list("webhooks", "name")});
  add("v1", {"Pod"}, object({pod_spec()}));
  add("v1", {"PodTemplate"}, object({pod_template("template")}));
  add("v1", {"ReplicationController"}, workload());
  add("v1", {"Service"}, object({inside("spec", {list_by_two("ports", "port", "protocol")})}));
  add("v1", {"ServiceAccount"}, object({list("secrets", "name")}));
  add("v1", {"Node"}, object({inside("spec", {list("podCIDRs", by_value)})}));
  add("v1",
      {"ConfigMap", "Endpoints", "Event", "LimitRange", "Namespace", "PersistentVolume",
       "PersistentVolumeClaim", "ResourceQuota", "Secret"},
      plain);
  add("apps/v1", {"Deployment", "DaemonSet", "ReplicaSet"}, workload());
  add("apps/v1", {"StatefulSet"}, stateful_set());
  add("apps/v1", {"ControllerRevision"}, plain);
  add("batch/v1", {"Job"}, workload());
  for (const char* api : {"batch/v1", "batch/v1beta1"}) add(api, {"CronJob"}, cron_job());
  for (const char* version : {"/v1", "/v1beta1"}) {
    const auto in = [version](const char* group) { return std::string(group) + version; };
    add(in("admissionregistration.k8s.io"),
        {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}, webhooks);
    add(in("apiextensions.k8s.io"), {"CustomResourceDefinition"}, plain);
    add(in("apiregistration.k8s.io"), {"APIService"}, plain);
    add(in("certificates.k8s.io"), {"CertificateSigningRequest"}, plain);
    add(in("coordination.k8s.io"), {"Lease"}, plain);
    add(in("discovery.k8s.io"), {"EndpointSlice"}, plain);
    add(in("networking.k8s.io"), {"Ingress", "IngressClass"}, plain);
    add(in("node.k8s.io"), {"RuntimeClass"}, plain);
    add(in("policy"), {"PodDisruptionBudget"}, plain);
    add(in("rbac.authorization.k8s.io"), {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}, plain);
    add(in("scheduling.k8s.io"), {"PriorityClass"}, plain);
    add(in("storage.k8s.io"), {"CSIDriver", "StorageClass", "VolumeAttachment"}, plain);
    add(in("storage.k8s.io"), {"CSINode"}, object({inside("spec", {list("drivers", "name")})}));
  }
  add("networking.k8s.io/v1", {"NetworkPolicy"}, plain);
  add("extensions/v1beta1", {"Ingress"}, plain);
  add("policy/v1beta1", {"PodSecurityPolicy"}, plain);
  for (const char* api : {"autoscaling/v1", "autoscaling/v2beta1", "autoscaling/v2beta2"}) {
    add(api, {"HorizontalPodAutoscaler"}, plain);
  }
  return shapes;
}

}  // namespace

const Shape* patch_shape(std::string_view api_version, std::string_view kind) {
  static const auto shapes = known_shapes();
  const auto found = shapes.find(std::pair(std::string(api_version), std::string(kind)));
  return found == shapes.end() ? nullptr : &found->second;
}

}  // namespace greenwave::render::kustomize
