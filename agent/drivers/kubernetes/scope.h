#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "base/problem.h"
#include "config/config.h"
#include "model/manifest.h"

namespace greenwave::drivers::kubernetes {

/// Why this device applies no object of the whole cluster of this kind; nothing if it does. What has a
/// namespace is not asked about here.
std::optional<Error> refusal_in_cluster(const config::Kubernetes& config, const ObjectId& id);

/// Rejects a manifest whose kind or namespace the device's configuration does not allow.
void check_scope(const config::Kubernetes& config, const Manifest& manifest, const std::string& namespace_,
                 Problems& problems);

}  // namespace greenwave::drivers::kubernetes
