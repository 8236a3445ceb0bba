#pragma once

#include <vector>

#include "model/cluster.h"
#include "yaml/fields.h"

namespace greenwave::render {

/// The `waves` of greenwave.yaml's spec. Those that could never have a device of their own, or share a ref,
/// are errors.
std::vector<Wave> read_waves(yaml::Fields& spec, Problems& problems);

}  // namespace greenwave::render
