#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "yaml/load.h"

namespace greenwave::yaml {

/// What a file that must not be empty is, for the error when it is.
struct Filled {
  std::string_view what;  ///< "the configuration"
  std::string remedy;     ///< "write at least city: NAME"
};

/// As load(), but an empty file is an error, too. Nothing after any error.
std::optional<Node> load_filled(std::string_view text, const std::string& file, const Filled& filled,
                                Problems& problems, const Limits& limits = {});

}  // namespace greenwave::yaml
