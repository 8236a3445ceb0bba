#pragma once

#include <vector>

#include "render/kustomize/context.h"
#include "render/kustomize/kustomization.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// Changes the name, tag or digest of images: those of containers and initContainers at any depth, and of
/// volumes.
void set_images(std::vector<Object>& objects, const Image& image, Context& context);

/// Sets the number of replicas of the workloads of that name.
void set_replicas(std::vector<Object>& objects, const Replicas& replicas, Context& context);

}  // namespace greenwave::render::kustomize
