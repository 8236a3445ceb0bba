#pragma once

#include "base/problem.h"
#include "model/object_id.h"
#include "yaml/node.h"

namespace greenwave::render {

/// Checks what every manifest has beside its spec: fields that nobody reads, and annotations of Greenwave's
/// with unknown names or values. A misspelt annotation would silently do nothing.
void check_metadata(const ObjectId& id, const yaml::Node& document, Problems& problems);

}  // namespace greenwave::render
