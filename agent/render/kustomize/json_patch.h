#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "render/kustomize/context.h"
#include "yaml/node.h"

namespace greenwave::render::kustomize {

/// An operation of a JSON Patch (RFC 6902).
struct Operation {
  std::string op;  ///< add, remove, replace, move, copy, test
  std::vector<std::string> path;
  std::vector<std::string> from;
  yaml::Node value;
  Place place;
};

/// Reads a list of operations.
std::vector<Operation> read_json_patch(const yaml::Node& node, Problems& problems);

/// Applies the operations as kustomize does: a negative index counts from the end, and a replace of a member
/// that is missing adds it.
/// Returns false, with a problem that names the object, when one fails.
bool apply_json_patch(yaml::Node& document, const std::vector<Operation>& operations, Context& context);

}  // namespace greenwave::render::kustomize
