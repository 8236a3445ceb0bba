#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "yaml/node.h"

namespace greenwave::yaml {

/// Limits for one file. Aliases count each time they are used, which stops an alias bomb.
struct Limits {
  std::size_t bytes = 4 << 20;
  std::size_t nodes = 200'000;
  std::size_t depth = 64;
};

/// Reads a YAML stream (YAML 1.2 core schema; merge keys `<<` as in Kubernetes' reader). Reports every error
/// with its place, including duplicate keys and tabs. Warns about a plain scalar that other readers,
/// including Kubernetes', take as a boolean or an octal number.
///
/// Returns every document up to the first that cannot be parsed, without empty ones. If this adds an error to
/// `problems`, the rest of the file is unknown.
std::vector<Node> load_all(std::string_view text, const std::string& file, Problems& problems,
                           const Limits& limits = {});

/// For single-document files. Nothing when the file is empty or was rejected (`problems` then says why).
std::optional<Node> load(std::string_view text, const std::string& file, Problems& problems,
                         const Limits& limits = {});

/// The value of a text as a plain scalar: "3" is the number 3, "true" the boolean, "web" a string.
decltype(Node::value) plain_scalar(std::string_view text);

/// Whether readers of YAML 1.1, including Kubernetes', take this plain scalar as a boolean: "yes", "Off",
/// "n". To load() it is a string.
bool is_old_boolean(std::string_view text);

}  // namespace greenwave::yaml
