#include "render/kustomize/object.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "render/object/declared.h"

namespace greenwave::render::kustomize {

namespace {

/// Kinds without a namespace, as the API that kustomize v5 is built with has them: group and kind, for the
/// versions that this API serves.
struct ClusterWide {
  std::string_view group;
  std::string_view kind;
  std::string_view versions;  ///< between spaces
};

constexpr ClusterWide cluster_wide[] = {
    {"", "ComponentStatus", " v1 "},
    {"", "Namespace", " v1 "},
    {"", "Node", " v1 "},
    {"", "NodeProxyOptions", " v1 "},
    {"", "PersistentVolume", " v1 "},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicy", " v1 "},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", " v1 "},
    {"admissionregistration.k8s.io", "MutatingWebhookConfiguration", " v1 v1beta1 "},
    {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", " v1 v1beta1 "},
    {"apiextensions.k8s.io", "CustomResourceDefinition", " v1 v1beta1 "},
    {"apiregistration.k8s.io", "APIService", " v1 v1beta1 "},
    {"certificates.k8s.io", "CertificateSigningRequest", " v1 v1beta1 "},
    {"flowcontrol.apiserver.k8s.io", "FlowSchema", " v1beta1 "},
    {"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", " v1beta1 "},
    {"networking.k8s.io", "IngressClass", " v1 v1beta1 "},
    {"node.k8s.io", "RuntimeClass", " v1 v1beta1 "},
    {"policy", "PodSecurityPolicy", " v1beta1 "},
    {"rbac.authorization.k8s.io", "ClusterRole", " v1 v1beta1 "},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", " v1 v1beta1 "},
    {"scheduling.k8s.io", "PriorityClass", " v1 v1beta1 "},
    {"storage.k8s.io", "CSIDriver", " v1 v1beta1 "},
    {"storage.k8s.io", "CSINode", " v1 v1beta1 "},
    {"storage.k8s.io", "StorageClass", " v1 v1beta1 "},
    {"storage.k8s.io", "VolumeAttachment", " v1 v1beta1 "},
};

bool is_cluster_wide(const ObjectId& id) {
  if (is_own(id)) return true;  // Greenwave's own kinds have no namespace either
  return kustomize::is_cluster_wide(group_of(id.api_version), version_of(id.api_version), id.kind);
}

}  // namespace

bool is_cluster_wide(std::string_view group, std::string_view version, std::string_view kind) {
  const auto between_spaces = ' ' + std::string(version) + ' ';
  return std::any_of(std::begin(cluster_wide), std::end(cluster_wide), [&](const ClusterWide& known) {
    return known.kind == kind && known.group == group &&
           known.versions.find(between_spaces) != std::string_view::npos;
  });
}

std::string_view text_of(const yaml::Node& map, std::string_view key) {
  const auto* member = map.find(key);
  const auto* text = member != nullptr ? member->string() : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

std::string_view name_of(const yaml::Node& document) {
  const auto* metadata = document.find("metadata");
  return metadata != nullptr ? text_of(*metadata, "name") : std::string_view();
}

ObjectId id_of(const yaml::Node& document) {
  ObjectId id;
  id.api_version = text_of(document, "apiVersion");
  id.kind = text_of(document, "kind");
  id.name = name_of(document);
  if (is_cluster_wide(id)) return id;
  const auto* metadata = document.find("metadata");
  if (metadata != nullptr) id.namespace_ = text_of(*metadata, "namespace");
  if (id.namespace_.empty()) id.namespace_ = "default";
  return id;
}

std::vector<ObjectId> ids_of(const Object& object) {
  std::vector<ObjectId> ids;
  auto current = id_of(object.document);
  for (const auto& previous : object.previous) {
    ids.push_back({current.api_version, previous.kind, previous.namespace_, previous.name});
  }
  ids.push_back(std::move(current));
  return ids;
}

ObjectId original_id(const Object& object) {
  auto id = id_of(object.document);
  if (object.previous.empty()) return id;
  const auto& first = object.previous.front();
  return {std::move(id.api_version), first.kind, first.namespace_, first.name};
}

void remember_id(Object& object) {
  auto id = id_of(object.document);
  object.previous.push_back({std::move(id.kind), std::move(id.namespace_), std::move(id.name)});
}

std::string_view version_of(std::string_view api_version) {
  const auto slash = api_version.find('/');
  return slash == std::string_view::npos ? api_version : api_version.substr(slash + 1);
}

bool selects(const KindFilter& filter, std::string_view api_version, std::string_view kind) {
  return (filter.kind.empty() || filter.kind == kind) &&
         (filter.group.empty() || filter.group == group_of(api_version)) &&
         (filter.version.empty() || filter.version == version_of(api_version));
}

void set_metadata(yaml::Node& document, std::string_view key, std::string_view text, const Place& place) {
  auto* metadata = document.find("metadata");
  if (text.empty()) {
    if (metadata != nullptr && metadata->is_map()) {
      std::erase_if(*metadata->map(), [key](const yaml::Member& member) { return member.key == key; });
    }
    return;
  }
  if (metadata == nullptr || !metadata->is_map()) {
    yaml::set(document, "metadata", {yaml::Node::Map{}, place});
    metadata = document.find("metadata");
  }
  const auto* present = metadata->find(key);
  if (present != nullptr && present->is_string() && *present->string() == text) return;
  yaml::set(*metadata, std::string(key), {std::string(text), place});
}

std::string scalar_text(const yaml::Node& node) {
  return yaml::spelling_of(node);
}

bool is_blank(const yaml::Member& member) {
  const auto& place = member.value.place;
  return member.value.is_null() && member.key_place.column > 0 && place.line == member.key_place.line &&
         place.column == member.key_place.column + member.key.size() + 1;
}

void make_texts(yaml::Node& document, std::string_view key) {
  auto* metadata = document.find("metadata");
  auto* map = metadata != nullptr ? metadata->find(key) : nullptr;
  if (map == nullptr || !map->is_map()) return;
  for (auto& member : *map->map()) {
    auto& value = member.value;
    if (value.is_map() || value.is_sequence()) continue;
    const bool is_written_null = value.is_null() && !is_blank(member);
    value.value = is_written_null ? std::string("null") : scalar_text(value);
  }
}

void mark_like(Place& place, const yaml::Node& from) {
  place.secret = place.secret || from.place.secret;
  place.unopened = place.unopened || from.place.unopened;
  for (const auto& item : yaml::items_in(&from)) mark_like(place, item);
  if (const auto* members = from.map()) {
    for (const auto& member : *members) mark_like(place, member.value);
  }
}

std::string described(const yaml::Node& document) {
  ObjectId id = id_of(document);
  if (id.namespace_ == "default") id.namespace_.clear();
  return printable(to_string(id));
}

}  // namespace greenwave::render::kustomize
