#include "render/kustomize/metadata.h"

#include <unordered_map>

#include <fmt/format.h>

#include "base/text.h"
#include "render/kustomize/field_path.h"

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

bool is_binding(std::string_view kind) {
  return kind == "RoleBinding" || kind == "ClusterRoleBinding";
}

/// Whether the field has a rule of its own.
bool has_own_rule(const FieldSpec& field, const ObjectId& id) {
  return field.path == "metadata/namespace" || (field.path == "metadata/name" && id.api_version != "v1") ||
         (is_binding(id.kind) && is_binding(field.kinds.kind) && field.path == "subjects/namespace");
}

void move(Object& object, const Text& name, const std::vector<FieldSpec>& fields, Context& context) {
  auto& document = object.document;
  const auto id = id_of(document);
  if (!id.namespace_.empty()) set_metadata(document, "namespace", name.value, name.place);
  const auto set = [&name](yaml::Node& node) { set_text(node, name); };
  if (is_binding(id.kind)) move_default_subjects(document, name);
  for (const auto& field : fields) {
    if (!selects(field.kinds, id.api_version, id.kind) || has_own_rule(field, id)) continue;
    each_at(document, split_path(field.path), field.create ? Made::text : Made::nothing, name.place,
            context.problems, set);
  }
}

/// Puts the affix before or behind the text at a field, which may be missing.
template <class Join>
void affix_field(Object& object, const FieldSpec& field, const Text& affix, Context& context, Join join) {
  const auto& document = object.document;
  if (!selects(field.kinds, text_of(document, "apiVersion"), text_of(document, "kind"))) return;
  each_at(object.document, split_path(field.path), field.create ? Made::text : Made::nothing, affix.place,
          context.problems, [&](yaml::Node& node) {
            context.spend(affix.value.size(), affix.place);
            set_text(node, {join(scalar_text(node)), affix.place});
          });
}

/// `affixes` is where an object notes what its name got.
template <class Join>
void add_affix(std::vector<Object>& objects, const Text& affix, const std::vector<FieldSpec>& fields,
               std::vector<std::string> Object::*affixes, Context& context, Join join) {
  if (affix.empty() || !is_short(affix, context)) return;
  const auto add = [&](Object& object, const ObjectId& original, const FieldSpec& field) {
    if (!selects(field.kinds, original.api_version, original.kind)) return;
    if (field.path == "metadata/name") {
      (object.*affixes).push_back(affix.value);
      remember_id(object);
    }
    affix_field(object, field, affix, context, join);
  };
  for (auto& object : objects) {
    const auto original = original_id(object);
    if (keeps_its_name(original)) continue;
    for (const auto& field : fields) add(object, original, field);
  }
}

/// Puts the pairs into the maps that the fields lead to.
void add_pairs(std::vector<Object>& objects, const std::vector<yaml::Member>& pairs,
               const std::vector<FieldSpec>& specs, Context& context) {
  if (pairs.empty()) return;
  std::size_t bytes = 0;
  for (const auto& pair : pairs) bytes += pair.key.size() + weight(pair.value);
  std::vector<std::pair<const FieldSpec*, std::vector<std::string>>> fields;
  for (const auto& field : specs) fields.emplace_back(&field, split_path(field.path));
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

void set_namespace(std::vector<Object>& objects, const Text& name, const Configuration& configuration,
                   Context& context) {
  if (name.empty() || !is_short(name, context)) return;
  std::unordered_map<ObjectId, std::size_t> count;
  for (auto& object : objects) {
    context.spend(name.value.size(), name.place);
    remember_id(object);
    move(object, name, configuration.namespace_, context);
  }
  for (const auto& object : objects) {
    if (++count[id_of(object.document)] != 2) continue;
    context.problems.error(
        name.place,
        fmt::format("namespace {} would contain {} twice", printable(name.value), described(object.document)),
        "give one of the two another name");
  }
}

void add_prefix(std::vector<Object>& objects, const Text& prefix, const Configuration& configuration,
                Context& context) {
  add_affix(objects, prefix, configuration.name_prefix, &Object::prefixes, context,
            [&prefix](const std::string& name) { return prefix.value + name; });
}

void add_suffix(std::vector<Object>& objects, const Text& suffix, const Configuration& configuration,
                Context& context) {
  add_affix(objects, suffix, configuration.name_suffix, &Object::suffixes, context,
            [&suffix](const std::string& name) { return name + suffix.value; });
}

void add_labels(std::vector<Object>& objects, const Labels& labels, const Configuration& configuration,
                Context& context) {
  auto fields = labels.fields;
  const auto merge = [&](const std::vector<FieldSpec>& more) {
    merge_fields(more, fields, labels.place, context.problems);
  };
  merge(configuration.labels);
  if (labels.in_selectors) {
    merge(configuration.selector_labels);
  } else {
    if (labels.in_templates) merge(configuration.template_labels);
    if (labels.in_claims) merge(configuration.claim_labels);
    merge({{{}, "metadata/labels", true}});
  }
  add_pairs(objects, labels.pairs, fields, context);
}

void add_common_labels(std::vector<Object>& objects, const std::vector<yaml::Member>& pairs,
                       const Configuration& configuration, Context& context) {
  add_pairs(objects, pairs, configuration.selector_labels, context);
}

void add_annotations(std::vector<Object>& objects, const std::vector<yaml::Member>& pairs,
                     const Configuration& configuration, Context& context) {
  add_pairs(objects, pairs, configuration.annotations, context);
}

}  // namespace greenwave::render::kustomize
