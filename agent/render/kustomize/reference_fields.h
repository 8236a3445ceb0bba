#pragma once

#include <string>
#include <vector>

#include "render/kustomize/kustomization.h"

namespace greenwave::render::kustomize {

/// A field that holds the name of an object.
struct ReferenceField {
  KindFilter target;  ///< the kinds that it names
  std::vector<std::string> path;
  bool is_role = false;  ///< the kind of role is in the same map
  KindFilter referrer;
};

ReferenceField reference_field(const KindFilter& target, const FieldSpec& field);

/// The fields that kustomize knows to hold the names of exactly these kinds.
std::vector<FieldSpec> fields_with_name_of(const KindFilter& target);

/// The fields of objects of this kind that name others, as kustomize knows them.
const std::vector<ReferenceField>& reference_fields(const std::string& kind);

}  // namespace greenwave::render::kustomize
