#include "render/kustomize/build_metadata.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "yaml/emit.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;

constexpr std::string_view origin_key = "config.kubernetes.io/origin";
constexpr std::string_view steps_key = "alpha.config.kubernetes.io/transformations";
constexpr std::string_view hash_key = "internal.config.kubernetes.io/needsHashSuffix";
constexpr const char* managed_by = "kustomize-v5.8.2";

/// Annotations that kustomize writes for itself and removes at the end, wherever they come from.
constexpr std::string_view notes[] = {
    "config.k8s.io/id",
    "config.kubernetes.io/index",
    "config.kubernetes.io/path",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/helm-generated",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/suffixes",
};

bool is_note(std::string_view key) {
  return std::find(std::begin(notes), std::end(notes), key) != std::end(notes);
}

Node* annotations_of(Object& object) {
  auto* metadata = object.document.find("metadata");
  auto* found = metadata != nullptr ? metadata->find("annotations") : nullptr;
  return found != nullptr && found->is_map() ? found : nullptr;
}

void put(Object& object, const char* member, std::string_view key, std::string text) {
  const auto& place = object.document.place;
  auto* metadata = object.document.find("metadata");
  if (metadata == nullptr || !metadata->is_map()) return;
  const auto* map = metadata->find(member);
  if (map == nullptr || !map->is_map()) yaml::set(*metadata, member, {Node::Map{}, place});
  yaml::set(*metadata->find(member), std::string(key), {std::move(text), place});
}

/// "configuredIn: …" and the kind of what is built in.
Node step(const std::string& kustomization, std::string_view kind, const Place& place) {
  Node by{Node::Map{}, place};
  yaml::set(by, "apiVersion", {std::string("builtin"), place});
  yaml::set(by, "kind", {std::string(kind), place});
  Node step{Node::Map{}, place};
  yaml::set(step, "configuredIn", {kustomization, place});
  yaml::set(step, "configuredBy", std::move(by));
  return step;
}

}  // namespace

void note_origin(Object& object, const std::string& path) {
  Node origin{Node::Map{}, object.document.place};
  yaml::set(origin, "path", {path, object.document.place});
  put(object, "annotations", origin_key, yaml::emit(origin));
}

void note_generator(Object& object, const std::string& kustomization, std::string_view kind) {
  put(object, "annotations", origin_key, yaml::emit(step(kustomization, kind, object.document.place)));
}

void note_step(std::vector<Object>& objects, const std::string& kustomization, std::string_view kind,
               Context& context) {
  const auto item = yaml::emit({Node::Sequence{step(kustomization, kind, {})}, {}});
  for (auto& object : objects) {
    context.spend(item.size(), object.document.place);
    const auto* annotations = annotations_of(object);
    if (annotations == nullptr || text_of(*annotations, origin_key).empty()) {
      note_generator(object, kustomization, kind);  // as kustomize takes it, after a patch of all annotations
      continue;
    }
    const auto before = annotations != nullptr ? text_of(*annotations, steps_key) : std::string_view();
    put(object, "annotations", steps_key, std::string(before) + item);
  }
}

void keep_origin(Object& fresh, const Object& old) {
  const auto* origin = old.document.at({"metadata", "annotations", origin_key});
  if (origin != nullptr && origin->is_string()) put(fresh, "annotations", origin_key, *origin->string());
}

void take_hash_mark(Object& object) {
  auto* annotations = annotations_of(object);
  if (annotations == nullptr) return;
  const auto is_wanted = text_of(*annotations, hash_key) == "enabled";
  std::erase_if(*annotations->map(), [](const yaml::Member& member) { return member.key == hash_key; });
  object.wants_hash = is_wanted;
}

void finish_metadata(std::vector<Object>& objects, const BuildMetadata& wanted) {
  for (auto& object : objects) {
    if (auto* annotations = annotations_of(object)) {
      std::erase_if(*annotations->map(), [&wanted](const yaml::Member& member) {
        return is_note(member.key) || (member.key == origin_key && !wanted.origins) ||
               (member.key == steps_key && !wanted.steps);
      });
    }
    if (wanted.managed_by) put(object, "labels", "app.kubernetes.io/managed-by", managed_by);
  }
}

}  // namespace greenwave::render::kustomize
