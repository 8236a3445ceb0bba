#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace greenwave::drivers::workload {

/// Returns null for a name that has no value.
using Lookup = std::function<const std::string*(std::string_view name)>;

/// Puts values in for $(NAME), as Kubernetes does in args, command, env and subPathExpr: $$ is a single $,
/// so that $$(NAME) is $(NAME) itself; what has no value, or is not complete, stays as it is written. Pure.
std::string expanded(std::string_view text, const Lookup& value);

}  // namespace greenwave::drivers::workload
