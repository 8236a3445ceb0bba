#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "model/manifest.h"

namespace greenwave::drivers::kubernetes {

/// An object now and after an apply, both as the server returned them.
struct ObjectDifference {
  bool equal = true;  ///< in all that manifests set: without status and the server's own fields
  std::string diff;   ///< a unified diff; holds no secret
  std::string was;    ///< the present values of the fields that differ, a line each; holds no secret
};

/// `live` is null if there is no such object yet.
ObjectDifference compare_objects(const nlohmann::json& live, const nlohmann::json& wanted,
                                 const Manifest& manifest);

/// Whether the apply would replace running pods, or containers in them. Neither object may be null.
bool replaces_pods(const nlohmann::json& live, const nlohmann::json& wanted, const ObjectId& id);

/// Whether replaces_pods() can be true for its kind.
bool runs_pods(const ObjectId& id);

}  // namespace greenwave::drivers::kubernetes
