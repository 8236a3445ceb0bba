#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "model/manifest.h"

namespace greenwave::drivers::kubernetes {

/// An object now and after an apply, both as the server returned them.
struct ObjectDifference {
  bool equal =
      true;          ///< in all that manifests decide: not in status, nor in what the server keeps for itself
  std::string diff;  ///< a unified diff; holds no secret
  std::string was;   ///< what the fields that differ are now, a line each; holds no secret
};

/// `live` is null when there is no such object yet.
ObjectDifference compare_objects(const nlohmann::json& live, const nlohmann::json& wanted,
                                 const Manifest& manifest);

/// Whether the apply would replace pods that run, or containers in them: both objects are there.
bool replaces_pods(const nlohmann::json& live, const nlohmann::json& wanted, const ObjectId& id);

/// Kinds of which replaces_pods() may be true.
bool runs_pods(const ObjectId& id);

}  // namespace greenwave::drivers::kubernetes
