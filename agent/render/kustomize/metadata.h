#pragma once

#include <vector>

#include "render/kustomize/configuration.h"
#include "render/kustomize/context.h"
#include "render/kustomize/kustomization.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

/// The steps that apply a kustomization's settings for all its objects to each of them.

void set_namespace(std::vector<Object>& objects, const Text& name, const Configuration& configuration,
                   Context& context);
void add_prefix(std::vector<Object>& objects, const Text& prefix, const Configuration& configuration,
                Context& context);
void add_suffix(std::vector<Object>& objects, const Text& suffix, const Configuration& configuration,
                Context& context);
void add_labels(std::vector<Object>& objects, const Labels& labels, const Configuration& configuration,
                Context& context);
/// `commonLabels`.
void add_common_labels(std::vector<Object>& objects, const std::vector<yaml::Member>& pairs,
                       const Configuration& configuration, Context& context);
void add_annotations(std::vector<Object>& objects, const std::vector<yaml::Member>& pairs,
                     const Configuration& configuration, Context& context);

}  // namespace greenwave::render::kustomize
