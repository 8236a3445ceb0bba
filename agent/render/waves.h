#pragma once

#include <vector>

#include "model/cluster.h"
#include "yaml/fields.h"

namespace greenwave::render {

/// Reads `waves` in the spec of greenwave.yaml. Waves that could never have a device, or that share a ref,
/// are errors.
std::vector<Wave> read_waves(yaml::Fields& spec, Problems& problems);

}  // namespace greenwave::render
