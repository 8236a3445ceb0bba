#include "render/kustomize/configuration.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/paths.h"
#include "render/kustomize/images.h"
#include "render/kustomize/metadata_fields.h"
#include "render/kustomize/reference_fields.h"
#include "render/kustomize/variables.h"
#include "yaml/fields.h"
#include "yaml/load.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Fields;
using yaml::Letters;
using yaml::Node;
using FieldSpecs = std::vector<FieldSpec>;

struct List {
  const char* name;  ///< in files
  FieldSpecs Configuration::*fields;
};

constexpr List lists[] = {
    {"namePrefix", &Configuration::name_prefix},
    {"nameSuffix", &Configuration::name_suffix},
    {"namespace", &Configuration::namespace_},
    {"commonLabels", &Configuration::selector_labels},
    {"labels", &Configuration::labels},
    {"templateLabels", &Configuration::template_labels},
    {"volumeClaimTemplateLabels", &Configuration::claim_labels},
    {"commonAnnotations", &Configuration::annotations},
    {"varReference", &Configuration::variables},
    {"images", &Configuration::images},
    {"replicas", &Configuration::replicas},
};

FieldSpecs joined(std::initializer_list<const FieldSpecs*> all) {
  FieldSpecs fields;
  for (const auto* some : all) fields.insert(fields.end(), some->begin(), some->end());
  return fields;
}

Configuration known() {
  const FieldSpecs own_labels{{{}, "metadata/labels", true}};
  Configuration known;
  known.name_prefix = known.name_suffix = {{{}, "metadata/name", false}};
  known.namespace_ = {{{"", "", "Namespace"}, "metadata/name", true},
                      {{"apiregistration.k8s.io", "", "APIService"}, "spec/service/namespace", true},
                      {{"apiextensions.k8s.io", "", "CustomResourceDefinition"},
                       "spec/conversion/webhook/clientConfig/service/namespace",
                       false}};
  known.template_labels = joined({&template_label_fields(), &own_labels});
  known.claim_labels = claim_label_fields();
  known.selector_labels = joined({&selector_label_fields(), &known.template_labels, &known.claim_labels});
  known.annotations = annotation_fields();
  known.variables = variable_fields();
  known.images = image_fields();
  known.replicas = replica_fields();
  known.is_known = true;
  return known;
}

/// Whether the words of `added` that are there are those of `known`.
bool is_covered(const KindFilter& known, const KindFilter& added) {
  return (added.group.empty() || added.group == known.group) &&
         (added.version.empty() || added.version == known.version) &&
         (added.kind.empty() || added.kind == known.kind);
}

bool same(const KindFilter& a, const KindFilter& b) {
  return a.group == b.group && a.version == b.version && a.kind == b.kind;
}

/// Kinds in the usual order of a build; what has no kind, group or version comes behind what has one.
bool comes_before(const FieldSpec& a, const FieldSpec& b) {
  const auto key = [](const KindFilter& kinds) {
    return std::pair(usual_rank(kinds.kind), fmt::format("{}_{}_{}", kinds.group.empty() ? "~G" : kinds.group,
                                                         kinds.version.empty() ? "~V" : kinds.version,
                                                         kinds.kind.empty() ? "~K" : kinds.kind));
  };
  return key(a.kinds) < key(b.kinds);
}

void add(const FieldSpec& added, FieldSpecs& to, const Place& place, Problems& problems) {
  const auto there = std::find_if(to.begin(), to.end(), [&added](const FieldSpec& field) {
    return field.path == added.path && is_covered(field.kinds, added.kinds);
  });
  if (there == to.end()) {
    to.push_back(added);
  } else if (there->create != added.create) {
    problems.error(
        place,
        fmt::format("the field {} is there already, with create: {}", printable(added.path), there->create),
        fmt::format("write create: {}", there->create));
  }
}

void add(const NameReference& added, std::vector<NameReference>& own, const Place& place,
         Problems& problems) {
  auto at = std::find_if(own.begin(), own.end(), [&added](const NameReference& reference) {
    return same(reference.target, added.target);
  });
  if (at == own.end()) at = own.insert(own.end(), {added.target, {}});
  auto all = fields_with_name_of(added.target);
  const auto known = all.size();
  all.insert(all.end(), at->fields.begin(), at->fields.end());
  for (const auto& field : added.fields) add(field, all, place, problems);
  at->fields.assign(all.begin() + static_cast<std::ptrdiff_t>(known), all.end());
}

class Reader {
 public:
  Reader(Configuration& to, Problems& problems) : to_(to), problems_(problems) {}

  void read(const Node& document) {
    Fields fields(document, "the configuration", problems_, Letters::any_case);
    for (const auto& list : lists) {
      for (const auto& item : yaml::items_in(fields.sequence(list.name))) {
        (to_.*list.fields).push_back(read_field(item, list.name));
      }
    }
    for (const auto& item : yaml::items_in(fields.sequence("nameReference"))) read_reference(item);
    fields.done();
  }

 private:
  FieldSpec read_field(const Node& node, std::string_view list) {
    Fields fields(node, fmt::format("the item of {}", list), problems_, Letters::any_case);
    FieldSpec field;
    field.kinds = read_kinds(fields);
    field.path = fields.required_text("path");
    field.create = fields.flag("create").value_or(false);
    fields.done();
    return field;
  }

  void read_reference(const Node& node) {
    Fields fields(node, "the item of nameReference", problems_, Letters::any_case);
    NameReference reference;
    reference.target = read_kinds(fields);
    for (const auto& item : yaml::items_in(fields.sequence("fieldSpecs"))) {
      reference.fields.push_back(read_field(item, "fieldSpecs"));
    }
    fields.done();
    add(reference, to_.references, node.place, problems_);
  }

  Configuration& to_;
  Problems& problems_;
};

}  // namespace

const Configuration& known_configuration() {
  static const auto configuration = known();
  return configuration;
}

void merge_fields(const FieldSpecs& added, FieldSpecs& to, const Place& place, Problems& problems) {
  for (const auto& field : added) add(field, to, place, problems);
}

void merge_configuration(const Configuration& added, std::optional<Configuration>& to, const Place& place,
                         Problems& problems) {
  if (added.is_known && (!to || to->is_known)) {
    to = added;
    return;
  }
  if (!to) to.emplace();
  to->is_known = false;
  for (const auto& list : lists) {
    auto& fields = *to.*list.fields;
    merge_fields(added.*list.fields, fields, place, problems);
    std::stable_sort(fields.begin(), fields.end(), comes_before);
  }
  for (const auto& reference : added.references) add(reference, to->references, place, problems);
}

Configuration read_configurations(const std::vector<Text>& paths, const std::string& directory,
                                  Context& context) {
  std::optional<Configuration> all = known_configuration();
  for (const auto& path : paths) {
    const auto text = context.read(directory, path);
    if (!text) continue;
    Problems found;
    const auto document =
        yaml::load(*text, *resolve_path(directory, path.value), found, {}, yaml::Dialect::kubernetes);
    Configuration own;
    if (document && !found.has_errors()) Reader(own, found).read(*document);
    for (const auto& list : lists) {
      auto& fields = own.*list.fields;
      std::stable_sort(fields.begin(), fields.end(), comes_before);
    }
    if (!found.has_errors()) merge_configuration(own, all, document ? document->place : path.place, found);
    context.problems.append(found);
  }
  return std::move(*all);
}

}  // namespace greenwave::render::kustomize
