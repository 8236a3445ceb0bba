#pragma once

#include <vector>

#include "render/kustomize/kustomization.h"

namespace greenwave::render::kustomize {

/// Where labels go besides metadata.labels: into the templates of pods and of claims, and into selectors.
const std::vector<FieldSpec>& template_label_fields();
const std::vector<FieldSpec>& claim_label_fields();
const std::vector<FieldSpec>& selector_label_fields();

/// Where annotations go, metadata.annotations included.
const std::vector<FieldSpec>& annotation_fields();

}  // namespace greenwave::render::kustomize
