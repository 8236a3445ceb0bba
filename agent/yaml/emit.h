#pragma once

#include <string>

#include "yaml/node.h"

namespace greenwave::yaml {

/// Writes one document as block-style YAML that load() reads back to the same value. Long or multi-line
/// texts become block literals where YAML allows it.
std::string emit(const Node& node);

}  // namespace greenwave::yaml
