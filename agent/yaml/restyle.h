#pragma once

#include <string>
#include <string_view>

#include "yaml/node.h"

namespace greenwave::yaml {

/// Writes a changed value in the styles in which it was written: `text` is YAML of one document, and `now` is
/// what load() read from it, since changed. Lists and maps stay in lines or in brackets, and texts in their
/// quotes or blocks; indentation becomes two spaces, with lists at the level of their key, and comments are
/// left out. What is new is plain where that reads back the same, and else in double quotes or a block.
/// Throws Error (internal) where that cannot be written.
std::string restyled(std::string_view text, const Node& now);

}  // namespace greenwave::yaml
