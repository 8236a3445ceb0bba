#pragma once

#include <functional>
#include <string>

#include "yaml/node.h"

namespace greenwave::yaml {

/// What to write beside a value (a scalar, or an empty list or map), or nothing.
using CommentOn = std::function<std::string(const Node& leaf)>;

/// Writes one document as block-style YAML that load(), and readers of YAML 1.1, read back to the same value.
/// Multi-line texts become block literals where YAML allows it. Throws Error (internal) for texts that are
/// not UTF-8.
std::string emit(const Node& node, const CommentOn& comment_on = {});

}  // namespace greenwave::yaml
