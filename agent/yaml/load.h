#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "yaml/node.h"

namespace greenwave::yaml {

/// What one file may cost. Aliases count as often as they are used, which is what ends an alias bomb.
struct Limits {
  std::size_t bytes = 4 << 20;
  std::size_t nodes = 200'000;
  std::size_t depth = 64;
};

/// Reads a YAML stream (YAML 1.2 core schema; merge keys `<<` as Kubernetes' reader takes them). Anything
/// wrong, duplicate keys and tabs included, is reported with its place. A warning is given for a plain
/// scalar that other readers, Kubernetes' among them, take for a boolean or an octal number.
///
/// Returns every document up to the first that cannot be parsed; empty documents are left out. An error in
/// `problems` from here means that the rest of the file is unknown.
std::vector<Node> load_all(std::string_view text, const std::string& file, Problems& problems,
                           const Limits& limits = {});

/// For files of one document. Nothing when it is empty or was refused (then `problems` says why).
std::optional<Node> load(std::string_view text, const std::string& file, Problems& problems,
                         const Limits& limits = {});

/// What a text would be as a plain scalar: "3" the number 3, "true" the boolean, "web" a string.
decltype(Node::value) plain_scalar(std::string_view text);

}  // namespace greenwave::yaml
