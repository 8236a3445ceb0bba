#pragma once

#include <optional>
#include <string>
#include <vector>

#include "render/kustomize/context.h"
#include "render/kustomize/kustomization.h"

namespace greenwave::render::kustomize {

/// The fields of other objects that hold the names of objects of some kinds.
struct NameReference {
  KindFilter target;
  std::vector<FieldSpec> fields;
};

/// Where the steps of a build change objects: the fields that kustomize knows by itself, and what the files
/// in `configurations` say. What a base adds holds in its overlays too.
struct Configuration {
  std::vector<FieldSpec> name_prefix;
  std::vector<FieldSpec> name_suffix;
  std::vector<FieldSpec> namespace_;
  std::vector<FieldSpec> selector_labels;  ///< commonLabels, and labels with includeSelectors
  std::vector<FieldSpec> labels;           ///< every item of labels
  std::vector<FieldSpec> template_labels;
  std::vector<FieldSpec> claim_labels;
  std::vector<FieldSpec> annotations;
  std::vector<FieldSpec> variables;
  std::vector<FieldSpec> images;
  std::vector<FieldSpec> replicas;
  std::vector<NameReference> references;  ///< without those that are known
  bool is_known = false;                  ///< it has what is known, and nothing else
};

const Configuration& known_configuration();

/// What is known, and what the files say.
Configuration read_configurations(const std::vector<Text>& paths, const std::string& directory,
                                  Context& context);

/// Adds what `to` does not have, in the order of kinds, as kustomize does it: a field counts as there where
/// one of its path is for the same kinds or for fewer. So a field for one kind may keep out that for all. The
/// two must agree in `create`.
void merge_fields(const std::vector<FieldSpec>& added, std::vector<FieldSpec>& to, const Place& place,
                  Problems& problems);

/// The same of a whole configuration; nothing in `to` means that it has no field yet.
void merge_configuration(const Configuration& added, std::optional<Configuration>& to, const Place& place,
                         Problems& problems);

}  // namespace greenwave::render::kustomize
