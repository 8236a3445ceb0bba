#pragma once

#include <vector>

#include "render/kustomize/configuration.h"
#include "render/kustomize/context.h"
#include "render/kustomize/kustomization.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// Where images are, besides in containers and initContainers at any depth.
const std::vector<FieldSpec>& image_fields();

/// Changes the name, tag or digest of images.
void set_images(std::vector<Object>& objects, const Image& image, const Configuration& configuration,
                Context& context);

/// Where kinds have their number of replicas.
const std::vector<FieldSpec>& replica_fields();

/// Sets the number of replicas of the workloads of that name.
void set_replicas(std::vector<Object>& objects, const Replicas& replicas, const Configuration& configuration,
                  Context& context);

}  // namespace greenwave::render::kustomize
