#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "yaml/node.h"
#include "yaml/scalar.h"

namespace greenwave::yaml {

/// Limits for one file. Aliases count each time they are used, which stops an alias bomb.
struct Limits {
  std::size_t bytes = 4 << 20;
  std::size_t nodes = 200'000;
  std::size_t depth = 64;
};

/// Reads a YAML stream. Reports every error with its place, and refuses what the reader of `dialect` refuses.
///
/// Dialect::own warns about a plain scalar that other readers, including Kubernetes', take as a boolean or an
/// octal number. In the others, objects of Greenwave's kinds (a document, or an item of a list) are read as
/// own: their apiVersion says so.
///
/// Where kubectl takes the last of two equal keys, its reader here does too, and warns. Where it would drop a
/// part of a file without a word, that is an error.
///
/// Returns every document up to the first that cannot be parsed, without empty ones. If this adds an error to
/// `problems`, the rest of the file is unknown.
std::vector<Node> load_all(std::string_view text, const std::string& file, Problems& problems,
                           const Limits& limits = {}, Dialect dialect = Dialect::own);

/// For single-document files. Nothing when the file is empty or was rejected (`problems` then says why).
std::optional<Node> load(std::string_view text, const std::string& file, Problems& problems,
                         const Limits& limits = {}, Dialect dialect = Dialect::own);

}  // namespace greenwave::yaml
