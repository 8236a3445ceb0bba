#pragma once

#include <string>

#include "base/problem.h"
#include "config/config.h"
#include "model/manifest.h"

namespace greenwave::drivers::kubernetes {

/// Rejects a manifest whose kind or namespace the device's configuration does not allow.
void check_scope(const config::Kubernetes& config, const Manifest& manifest, const std::string& namespace_,
                 Problems& problems);

}  // namespace greenwave::drivers::kubernetes
