#include "render/kustomize/kustomization.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "yaml/fields.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Fields;
using yaml::Letters;
using yaml::Node;

struct Unsupported {
  std::string_view field;
  std::string_view remedy;
};

/// Everything that needs a program, the network, or rules of its own.
constexpr Unsupported unsupported[] = {
    {"helmCharts", "keep the output of `helm template` in the repository, and name it in resources"},
    {"helmGlobals", "keep the output of `helm template` in the repository, and name it in resources"},
    {"helmChartInflationGenerator",
     "keep the output of `helm template` in the repository, and name it in resources"},
    {"generators", "use configMapGenerator and secretGenerator, or keep what the generator makes"},
    {"transformers", "use the fields of the kustomization (patches, labels, replacements)"},
    {"validators", "validate in the repository's CI"},
    {"crds", "name references with replacements, and write whole lists in patches"},
    {"openapi", "write whole lists in patches of kinds that are not built in"},
};

std::vector<Text> read_texts(Fields& fields, std::string_view key, Problems& problems) {
  std::vector<Text> texts;
  const auto* items = fields.sequence(key);
  if (items == nullptr) return texts;
  for (const auto& item : *items->sequence()) {
    if (const auto* text = item.string()) {
      texts.push_back({*text, item.place});
    } else {
      problems.error(item.place, fmt::format("the items of {} must be strings, not {}", key, kind_of(item)));
    }
  }
  return texts;
}

Text read_text(Fields& fields, std::string_view key) {
  return {fields.text(key).value_or(""), fields.place_of(key)};
}

std::vector<yaml::Member> read_pairs(Fields& fields, std::string_view key, Problems& problems) {
  std::vector<yaml::Member> pairs;
  const auto* map = fields.map(key);
  if (map == nullptr) return pairs;
  for (const auto& member : *map->map()) {
    if (member.value.is_string()) {
      pairs.push_back(member);
    } else {
      problems.error(
          member.value.place,
          fmt::format("{}: {} must be a string, not {}", key, printable(member.key), kind_of(member.value)),
          "put it in quotes");
    }
  }
  return pairs;
}

/// Calls `read` for each item of a list.
template <class Read>
void each(Fields& fields, std::string_view key, Read read) {
  const auto* items = fields.sequence(key);
  if (items == nullptr) return;
  for (const auto& item : *items->sequence()) read(item);
}

Target read_target(const Node& node, const char* what, Problems& problems) {
  Fields fields(node, what, problems, Letters::any_case);
  Target target;
  target.kinds = read_kinds(fields);
  target.name = fields.text("name").value_or("");
  target.namespace_ = fields.text("namespace").value_or("");
  target.labels = fields.text("labelSelector").value_or("");
  target.annotations = fields.text("annotationSelector").value_or("");
  target.place = node.place;
  fields.done();
  return target;
}

Labels read_labels(const Node& node, Problems& problems) {
  Fields fields(node, "the item of labels", problems, Letters::any_case);
  Labels labels;
  labels.place = node.place;
  labels.pairs = read_pairs(fields, "pairs", problems);
  labels.in_selectors = fields.flag("includeSelectors").value_or(false);
  labels.in_templates = fields.flag("includeTemplates").value_or(false);
  labels.in_claims = fields.flag("includeVolumeClaimTemplates").value_or(false);
  each(fields, "fields", [&](const Node& item) {
    Fields spec(item, "the item of fields", problems, Letters::any_case);
    auto kinds = read_kinds(spec);
    auto path = spec.required_text("path");
    labels.fields.push_back({std::move(kinds), std::move(path), spec.flag("create").value_or(false)});
    spec.done();
  });
  fields.done();
  return labels;
}

Image read_image(const Node& node, Problems& problems) {
  Fields fields(node, "the item of images", problems, Letters::any_case);
  Image image;
  image.name = {fields.required_text("name"), fields.place_of("name")};
  image.new_name = fields.text("newName").value_or("");
  image.new_tag = fields.text("newTag").value_or("");
  image.digest = fields.text("digest").value_or("");
  image.tag_suffix = fields.text("tagSuffix").value_or("");
  fields.done();
  return image;
}

Replicas read_replicas(const Node& node, Problems& problems) {
  Fields fields(node, "the item of replicas", problems, Letters::any_case);
  Replicas replicas;
  replicas.name = {fields.required_text("name"), fields.place_of("name")};
  replicas.count = fields.integer("count").value_or(0);
  fields.done();
  return replicas;
}

GeneratorOptions read_options(const Node& node, Problems& problems) {
  Fields fields(node, "the generator's options", problems, Letters::any_case);
  GeneratorOptions options;
  options.labels = read_pairs(fields, "labels", problems);
  options.annotations = read_pairs(fields, "annotations", problems);
  options.without_hash = fields.flag("disableNameSuffixHash").value_or(false);
  options.immutable = fields.flag("immutable").value_or(false);
  fields.done();
  return options;
}

void add_missing(std::vector<yaml::Member>& own, const std::vector<yaml::Member>& general) {
  for (const auto& member : general) {
    const bool has = std::any_of(
        own.begin(), own.end(), [&member](const yaml::Member& present) { return present.key == member.key; });
    if (!has) own.push_back(member);
  }
}

/// `generatorOptions` hold for every generator that does not say otherwise.
void add_general(GeneratorOptions& own, const GeneratorOptions& general) {
  add_missing(own.labels, general.labels);
  add_missing(own.annotations, general.annotations);
  own.without_hash = own.without_hash || general.without_hash;
  own.immutable = own.immutable || general.immutable;
}

Generator read_generator(const Node& node, const char* kind, const GeneratorOptions& general,
                         Problems& problems) {
  Fields fields(node, fmt::format("the generator of a {}", kind), problems, Letters::any_case);
  Generator generator;
  generator.kind = kind;
  generator.place = node.place;
  generator.name = {fields.required_text("name"), fields.place_of("name")};
  generator.namespace_ = fields.text("namespace").value_or("");
  const auto behavior = fields.word("behavior", {"create", "merge", "replace", "unspecified"});
  if (behavior == "create") generator.behavior = Behavior::create;
  if (behavior == "merge") generator.behavior = Behavior::merge;
  if (behavior == "replace") generator.behavior = Behavior::replace;
  generator.files = read_texts(fields, "files", problems);
  generator.literals = read_texts(fields, "literals", problems);
  generator.envs = read_texts(fields, "envs", problems);
  if (auto env = read_text(fields, "env"); !env.empty()) generator.envs.push_back(std::move(env));
  if (std::string_view(kind) == "Secret") generator.type = fields.text("type").value_or("");
  if (const auto* options = fields.map("options")) generator.options = read_options(*options, problems);
  add_general(generator.options, general);
  fields.done();
  return generator;
}

Patch read_patch(const Node& node, Problems& problems) {
  Fields fields(node, "the patch", problems, Letters::any_case);
  Patch patch;
  patch.place = node.place;
  patch.path = read_text(fields, "path");
  patch.text = read_text(fields, "patch");
  if (const auto* target = fields.map("target")) {
    patch.target = read_target(*target, "the patch's target", problems);
  }
  if (const auto* options = fields.map("options")) {
    Fields allowed(*options, "the patch's options", problems, Letters::any_case);
    patch.may_rename = allowed.flag("allowNameChange").value_or(false);
    patch.may_change_kind = allowed.flag("allowKindChange").value_or(false);
    allowed.done();
  }
  fields.done();
  if (patch.path.empty() == patch.text.empty()) {
    problems.error(node.place,
                   patch.path.empty() ? "a patch has a path or a patch, and this one has neither"
                                      : "a patch has a path or a patch, not both",
                   "write path: FILE, or patch: with the patch itself");
  }
  return patch;
}

FieldOptions read_field_options(const Node& node, Problems& problems) {
  Fields fields(node, "the options", problems, Letters::any_case);
  FieldOptions options;
  options.delimiter = fields.text("delimiter").value_or("");
  options.index = fields.integer("index", -1'000'000, 1'000'000).value_or(0);
  options.create = fields.flag("create").value_or(false);
  if (fields.text("encoding").has_value()) {
    fields.error("encoding", "encoding has no effect in kustomize either", "remove it");
  }
  fields.done();
  return options;
}

ReplacementTarget read_replacement_target(const Node& node, Problems& problems) {
  Fields fields(node, "the replacement's target", problems, Letters::any_case);
  ReplacementTarget target;
  if (const auto* select = fields.map("select")) {
    target.select = read_target(*select, "select", problems);
  } else if (!fields.has("select")) {
    fields.error("select", "the replacement's target has no select", "write select: {kind: …, name: …}");
  }
  each(fields, "reject",
       [&](const Node& item) { target.reject.push_back(read_target(item, "reject", problems)); });
  target.paths = read_texts(fields, "fieldPaths", problems);
  if (target.paths.empty()) target.paths.push_back({"metadata.name", node.place});
  if (const auto* options = fields.map("options")) target.options = read_field_options(*options, problems);
  fields.done();
  return target;
}

/// The kind may be written as an apiVersion too, as in a reference of Kubernetes.
KindFilter read_object_kind(Fields& fields) {
  auto kinds = read_kinds(fields);
  const auto api = fields.text("apiVersion").value_or("");
  if (api.empty()) return kinds;
  const auto slash = api.find('/');
  if (slash != std::string::npos) kinds.group = api.substr(0, slash);
  kinds.version = version_of(api);
  return kinds;
}

Variable read_variable(const Node& node, Problems& problems) {
  Fields fields(node, "the variable", problems, Letters::any_case);
  Variable variable;
  variable.place = node.place;
  variable.name = {fields.required_text("name"), fields.place_of("name")};
  variable.path = "metadata.name";
  if (const auto* object = fields.map("objref")) {
    Fields reader(*object, "objref", problems, Letters::any_case);
    variable.object.kinds = read_object_kind(reader);
    variable.object.name = reader.text("name").value_or("");
    variable.object.namespace_ = reader.text("namespace").value_or("");
    variable.object.place = object->place;
    reader.done();
  }
  if (const auto* field = fields.map("fieldref")) {
    Fields reader(*field, "fieldref", problems, Letters::any_case);
    if (auto path = reader.text("fieldPath").value_or(""); !path.empty()) variable.path = std::move(path);
    reader.done();
  }
  fields.done();
  return variable;
}

/// The default order of kinds.
SortOptions usual_order() {
  return {true,
          {"Namespace",
           "ResourceQuota",
           "StorageClass",
           "CustomResourceDefinition",
           "ServiceAccount",
           "PodSecurityPolicy",
           "Role",
           "ClusterRole",
           "RoleBinding",
           "ClusterRoleBinding",
           "ConfigMap",
           "Secret",
           "Endpoints",
           "Service",
           "LimitRange",
           "PriorityClass",
           "PersistentVolume",
           "PersistentVolumeClaim",
           "Deployment",
           "StatefulSet",
           "CronJob",
           "PodDisruptionBudget"},
          {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}};
}

SortOptions read_sort_options(const Node& node, Problems& problems) {
  auto options = usual_order();
  Fields fields(node, "sortOptions", problems, Letters::any_case);
  options.by_kind = fields.word("order", {"legacy", "fifo"}) != "fifo";
  if (const auto* legacy = fields.map("legacySortOptions")) {
    Fields kinds(*legacy, "legacySortOptions", problems, Letters::any_case);
    options.first = kinds.texts("orderFirst");
    options.last = kinds.texts("orderLast");
    kinds.done();
    if (!options.by_kind) {
      fields.error("legacySortOptions", "legacySortOptions have no effect when order is fifo",
                   "remove them, or write order: legacy");
    }
  }
  fields.done();
  return options;
}

BuildMetadata read_build_metadata(Fields& fields, Problems& problems) {
  BuildMetadata metadata;
  for (const auto& word : read_texts(fields, "buildMetadata", problems)) {
    if (word.value == "originAnnotations") {
      metadata.origins = true;
    } else if (word.value == "transformerAnnotations") {
      metadata.steps = true;
    } else if (word.value == "managedByLabel") {
      metadata.managed_by = true;
    } else {
      problems.error(word.place, fmt::format("buildMetadata has no {}", printable(word.value)),
                     "write originAnnotations, transformerAnnotations or managedByLabel");
    }
  }
  return metadata;
}

void refuse_unsupported(Fields& fields) {
  for (const auto& [field, remedy] : unsupported) {
    if (fields.any(field) == nullptr) continue;
    fields.error(field, fmt::format("kustomize's {} is not supported", field), std::string(remedy));
  }
}

void check_type(Fields& fields, Kustomization& kustomization) {
  const auto kind = fields.text("kind").value_or("Kustomization");
  const auto api = fields.text("apiVersion").value_or("");
  kustomization.is_component = kind == "Component";
  if (!kustomization.is_component && kind != "Kustomization") {
    fields.error("kind", fmt::format("kind is {}, which a kustomization cannot have", printable(kind)),
                 "write Kustomization or Component");
    return;
  }
  const auto* expected =
      kustomization.is_component ? "kustomize.config.k8s.io/v1alpha1" : "kustomize.config.k8s.io/v1beta1";
  if (!api.empty() && api != expected) {
    fields.error("apiVersion", fmt::format("the apiVersion of a {} is not {}", kind, printable(api)),
                 fmt::format("write {}", expected));
  }
}

void read_generators(Fields& fields, Kustomization& kustomization, Problems& problems) {
  GeneratorOptions general;
  if (const auto* options = fields.map("generatorOptions")) general = read_options(*options, problems);
  each(fields, "configMapGenerator", [&](const Node& item) {
    kustomization.generators.push_back(read_generator(item, "ConfigMap", general, problems));
  });
  each(fields, "secretGenerator", [&](const Node& item) {
    kustomization.generators.push_back(read_generator(item, "Secret", general, problems));
  });
}

void read_patches(Fields& fields, Kustomization& kustomization, Problems& problems) {
  each(fields, "patches",
       [&](const Node& item) { kustomization.patches.push_back(read_patch(item, problems)); });
  kustomization.merge_patches = read_texts(fields, "patchesStrategicMerge", problems);
  each(fields, "patchesJson6902", [&](const Node& item) {
    auto patch = read_patch(item, problems);
    if (!patch.target || patch.target->name.empty()) {
      problems.error(item.place, "an item of patchesJson6902 needs a target with a name",
                     "write target: {kind: …, name: …}");
    }
    kustomization.json_patches.push_back(std::move(patch));
  });
}

}  // namespace

KindFilter read_kinds(Fields& fields) {
  return {fields.text("group").value_or(""), fields.text("version").value_or(""),
          fields.text("kind").value_or("")};
}

int usual_rank(std::string_view kind) {
  static const auto order = usual_order();
  const auto first = std::find(order.first.begin(), order.first.end(), kind);
  if (first != order.first.end()) return static_cast<int>(first - order.first.end());
  const auto last = std::find(order.last.begin(), order.last.end(), kind);
  return last == order.last.end() ? 0 : static_cast<int>(last - order.last.begin()) + 1;
}

bool is_kustomization_file(std::string_view name) {
  return name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization";
}

Kustomization read_kustomization(const Node& document, Problems& problems) {
  Kustomization kustomization;
  kustomization.place = document.place;
  Fields fields(document, "the kustomization", problems, Letters::any_case);
  check_type(fields, kustomization);
  fields.any("metadata");
  refuse_unsupported(fields);

  kustomization.resources = read_texts(fields, "resources", problems);
  auto bases = read_texts(fields, "bases", problems);
  std::move(bases.begin(), bases.end(), std::back_inserter(kustomization.resources));
  kustomization.components = read_texts(fields, "components", problems);
  kustomization.name_prefix = read_text(fields, "namePrefix");
  kustomization.name_suffix = read_text(fields, "nameSuffix");
  kustomization.namespace_ = read_text(fields, "namespace");
  each(fields, "labels",
       [&](const Node& item) { kustomization.labels.push_back(read_labels(item, problems)); });
  kustomization.common_labels = read_pairs(fields, "commonLabels", problems);
  kustomization.annotations = read_pairs(fields, "commonAnnotations", problems);
  read_patches(fields, kustomization, problems);
  each(fields, "images",
       [&](const Node& item) { kustomization.images.push_back(read_image(item, problems)); });
  each(fields, "imageTags",
       [&](const Node& item) { kustomization.images.push_back(read_image(item, problems)); });
  each(fields, "replicas",
       [&](const Node& item) { kustomization.replicas.push_back(read_replicas(item, problems)); });
  read_generators(fields, kustomization, problems);
  each(fields, "replacements", [&](const Node& item) { kustomization.replacements.push_back(item); });
  kustomization.configurations = read_texts(fields, "configurations", problems);
  each(fields, "vars",
       [&](const Node& item) { kustomization.variables.push_back(read_variable(item, problems)); });
  kustomization.metadata = read_build_metadata(fields, problems);
  const auto* sort = fields.map("sortOptions");
  kustomization.sort = sort != nullptr ? read_sort_options(*sort, problems) : usual_order();
  fields.done();
  return kustomization;
}

Replacement read_replacement(const Node& node, Problems& problems) {
  Fields fields(node, "the replacement", problems, Letters::any_case);
  Replacement replacement;
  replacement.place = node.place;
  if (fields.has("sourceValue")) {
    replacement.value = read_text(fields, "sourceValue");
  }
  if (const auto* source = fields.map("source")) {
    Fields reader(*source, "the replacement's source", problems, Letters::any_case);
    Target target;
    target.place = source->place;
    target.kinds = read_kinds(reader);
    target.name = reader.text("name").value_or("");
    target.namespace_ = reader.text("namespace").value_or("");
    replacement.source_path = read_text(reader, "fieldPath");
    if (replacement.source_path.empty()) replacement.source_path.value = "metadata.name";
    if (const auto* options = reader.map("options")) {
      replacement.source_options = read_field_options(*options, problems);
    }
    reader.done();
    replacement.source = std::move(target);
  }
  each(fields, "targets",
       [&](const Node& item) { replacement.targets.push_back(read_replacement_target(item, problems)); });
  fields.done();
  if (replacement.source.has_value() == replacement.value.has_value() || replacement.targets.empty()) {
    problems.error(node.place, "a replacement has a source (or a sourceValue, not both) and targets",
                   "write source: {kind: …, name: …, fieldPath: …} and targets: […]");
  }
  return replacement;
}

}  // namespace greenwave::render::kustomize
