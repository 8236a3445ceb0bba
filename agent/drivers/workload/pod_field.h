#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yaml/node.h"

namespace greenwave::drivers::workload {

/// A field of a manifest, written or not, with the path that leads to it, as Kubernetes' messages have it:
/// "spec.containers[0].securityContext.privileged". Points into the manifest.
struct PodField {
  const yaml::Node* node = nullptr;  ///< null: not written
  std::string path;

  /// Whether it has a value; null is none.
  bool is_set() const { return node != nullptr && !node->is_null(); }
  /// Its value, where that is a string; null otherwise.
  const std::string* text() const { return node != nullptr ? node->string() : nullptr; }

  PodField operator[](std::string_view key) const;
  /// The items of a list; none where it is not one.
  std::vector<PodField> items() const;
  /// The members of a map, with their keys.
  std::vector<std::pair<std::string_view, PodField>> members() const;
};

}  // namespace greenwave::drivers::workload
