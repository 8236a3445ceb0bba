#include "render/object/merge_keys.h"

#include <algorithm>
#include <map>
#include <string>

namespace greenwave::render {

namespace {

Shape list(std::string_view name, std::string_view merge_key, std::vector<Shape> members = {}) {
  return {name, merge_key, {}, {}, std::move(members)};
}

Shape ports(std::string_view merge_key) {
  return {"ports", merge_key, "protocol", "TCP", {}};
}

Shape inside(std::string_view name, std::vector<Shape> members) {
  return {name, {}, {}, {}, std::move(members)};
}

Shape containers(std::string_view name) {
  return list(name, "name",
              {ports("containerPort"), list("env", "name"), list("volumeMounts", "mountPath"),
               list("volumeDevices", "devicePath")});
}

Shape pod_spec() {
  return inside("spec",
                {containers("containers"), containers("initContainers"), containers("ephemeralContainers"),
                 list("volumes", "name"), list("imagePullSecrets", "name"), list("hostAliases", "ip"),
                 list("topologySpreadConstraints", "topologyKey"), list("resourceClaims", "name"),
                 list("schedulingGates", "name")});
}

Shape object(std::vector<Shape> members = {}) {
  members.push_back(inside("metadata", {list("ownerReferences", "uid")}));
  return inside({}, std::move(members));
}

Shape template_of_pods() {
  return inside("template", object({pod_spec()}).members);
}

Shape workload() {
  return object({inside("spec", {template_of_pods()})});
}

Shape webhooks() {
  return object({list("webhooks", "name", {list("matchConditions", "name")})});
}

/// By "group/Kind", for every version of the group.
std::map<std::string, Shape, std::less<>> known_shapes() {
  std::map<std::string, Shape, std::less<>> shapes;
  shapes["/Pod"] = object({pod_spec()});
  shapes["/PodTemplate"] = object({template_of_pods()});
  shapes["/ReplicationController"] = workload();
  for (const char* kind : {"apps/Deployment", "apps/DaemonSet", "apps/StatefulSet", "apps/ReplicaSet"}) {
    shapes[kind] = workload();
  }
  shapes["batch/Job"] = workload();
  shapes["batch/CronJob"] = object(
      {inside("spec", {inside("jobTemplate", object({inside("spec", {template_of_pods()})}).members)})});
  shapes["/Service"] = object({inside("spec", {ports("port")})});
  shapes["/ServiceAccount"] = object({list("secrets", "name")});
  shapes["admissionregistration.k8s.io/MutatingWebhookConfiguration"] = webhooks();
  shapes["admissionregistration.k8s.io/ValidatingWebhookConfiguration"] = webhooks();
  shapes["greenwave.dev/SystemdUnit"] = object({inside("spec", {list("dropIns", "name")})});
  return shapes;
}

}  // namespace

const Shape* Shape::member(std::string_view key) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [key](const Shape& shape) { return shape.name == key; });
  return found == members.end() ? nullptr : &*found;
}

const Shape& shape_of(const ObjectId& id) {
  static const auto shapes = known_shapes();
  static const auto plain = object();
  const auto slash = id.api_version.find('/');
  auto key = slash == std::string::npos ? std::string() : id.api_version.substr(0, slash);
  key += '/';
  key += id.kind;
  const auto found = shapes.find(key);
  return found == shapes.end() ? plain : found->second;
}

}  // namespace greenwave::render
