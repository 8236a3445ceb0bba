#include "render/kustomize/metadata.h"

#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "render/kustomize/field_path.h"
#include "render/kustomize/metadata_fields.h"

namespace greenwave::render::kustomize {

namespace {

constexpr std::size_t longest_name = 253;

/// Kinds whose names others rely on, and which are not renamed.
bool keeps_its_name(const ObjectId& original) {
  return original.kind == "CustomResourceDefinition" || original.kind == "Namespace" ||
         (original.kind == "APIService" && group_of(original.api_version) == "apiregistration.k8s.io");
}

bool is_short(const Text& affix, Context& context) {
  if (affix.value.size() <= longest_name) return true;
  context.problems.error(affix.place, fmt::format("longer than the {} characters of a name", longest_name));
  return false;
}

void set_text(yaml::Node& node, const Text& text) {
  node = {text.value, text.place};
}

/// The account "default" of the bindings means that of their own namespace.
void move_default_subjects(yaml::Node& document, const Text& name) {
  auto* subjects = document.find("subjects");
  if (subjects == nullptr || !subjects->is_sequence()) return;
  for (auto& subject : *subjects->sequence()) {
    if (subject.is_map() && text_of(subject, "name") == "default") {
      yaml::set(subject, "namespace", {name.value, name.place});
    }
  }
}

void move(Object& object, const Text& name, Context& context) {
  auto& document = object.document;
  const auto id = id_of(document);
  if (!id.namespace_.empty()) set_metadata(document, "namespace", name.value, name.place);
  const auto set = [&name](yaml::Node& node) { set_text(node, name); };
  if (id.kind == "RoleBinding" || id.kind == "ClusterRoleBinding") move_default_subjects(document, name);
  if (id.kind == "Namespace" && id.api_version == "v1") {
    set_metadata(document, "name", name.value, name.place);
  }
  if (id.kind == "APIService" && group_of(id.api_version) == "apiregistration.k8s.io") {
    each_at(document, {"spec", "service", "namespace"}, Made::text, name.place, context.problems, set);
  }
  if (id.kind == "CustomResourceDefinition" && group_of(id.api_version) == "apiextensions.k8s.io") {
    each_at(document, split_path("spec/conversion/webhook/clientConfig/service/namespace"), Made::nothing,
            name.place, context.problems, set);
  }
}

/// Puts the pairs into the maps that the fields lead to.
void add_pairs(std::vector<Object>& objects, const std::vector<yaml::Member>& pairs,
               const std::vector<const std::vector<FieldSpec>*>& lists, Context& context) {
  if (pairs.empty()) return;
  std::size_t bytes = 0;
  for (const auto& pair : pairs) bytes += pair.key.size() + weight(pair.value);
  std::vector<std::pair<const FieldSpec*, std::vector<std::string>>> fields;
  for (const auto* list : lists) {
    for (const auto& field : *list) fields.emplace_back(&field, split_path(field.path));
  }
  const auto& place = pairs.front().value.place;
  const auto add = [&](yaml::Node& node) {
    context.spend(bytes, place);
    if (!node.is_map()) {
      context.problems.error(node.place,
                             fmt::format("labels or annotations belong here, but this is {}", kind_of(node)));
      return;
    }
    for (const auto& pair : pairs) yaml::set(node, pair.key, pair.value);
  };
  for (auto& object : objects) {
    const std::string api_version(text_of(object.document, "apiVersion"));
    const std::string kind(text_of(object.document, "kind"));
    for (const auto& [field, path] : fields) {
      if (!selects(field->kinds, api_version, kind)) continue;
      each_at(object.document, path, field->create ? Made::map : Made::nothing, place, context.problems, add);
    }
  }
}

}  // namespace

void set_namespace(std::vector<Object>& objects, const Text& name, Context& context) {
  if (name.empty() || !is_short(name, context)) return;
  std::unordered_map<ObjectId, std::size_t> count;
  for (auto& object : objects) {
    context.spend(name.value.size(), name.place);
    remember_id(object);
    move(object, name, context);
  }
  for (const auto& object : objects) {
    if (++count[id_of(object.document)] != 2) continue;
    context.problems.error(
        name.place,
        fmt::format("namespace {} would contain {} twice", printable(name.value), described(object.document)),
        "give one of the two another name");
  }
}

void add_prefix(std::vector<Object>& objects, const Text& prefix, Context& context) {
  if (prefix.empty() || !is_short(prefix, context)) return;
  for (auto& object : objects) {
    if (keeps_its_name(original_id(object))) continue;
    context.spend(prefix.value.size(), prefix.place);
    remember_id(object);
    object.prefixes.push_back(prefix.value);
    set_metadata(object.document, "name", prefix.value + std::string(name_of(object.document)), prefix.place);
  }
}

void add_suffix(std::vector<Object>& objects, const Text& suffix, Context& context) {
  if (suffix.empty() || !is_short(suffix, context)) return;
  for (auto& object : objects) {
    if (keeps_its_name(original_id(object))) continue;
    context.spend(suffix.value.size(), suffix.place);
    remember_id(object);
    object.suffixes.push_back(suffix.value);
    set_metadata(object.document, "name", std::string(name_of(object.document)) + suffix.value, suffix.place);
  }
}

void add_labels(std::vector<Object>& objects, const Labels& labels, Context& context) {
  static const std::vector<FieldSpec> metadata{{{}, "metadata/labels", true}};
  std::vector<const std::vector<FieldSpec>*> fields{&labels.fields, &metadata};
  if (labels.in_selectors) fields.push_back(&selector_label_fields());
  if (labels.in_selectors || labels.in_templates) fields.push_back(&template_label_fields());
  add_pairs(objects, labels.pairs, fields, context);
}

void add_annotations(std::vector<Object>& objects, const std::vector<yaml::Member>& pairs, Context& context) {
  add_pairs(objects, pairs, {&annotation_fields()}, context);
}

}  // namespace greenwave::render::kustomize
