#pragma once

#include <string>
#include <string_view>

#include "model/kubernetes_kind.h"

namespace greenwave::drivers::kubernetes {

/// A kind that a server serves.
struct Resource {
  std::string group;  ///< empty: the core one
  std::string version;
  std::string plural;  ///< its name in paths
  std::string kind;
  bool namespaced = true;

  auto operator<=>(const Resource&) const = default;
};

/// "apps/v1", "v1"
std::string api_version(const Resource& resource);

/// "/apis/apps/v1/namespaces/NS/deployments"; an empty namespace: all of them, or the kind has none.
std::string collection_path(const Resource& resource, std::string_view namespace_);
std::string object_path(const Resource& resource, std::string_view namespace_, std::string_view name);

}  // namespace greenwave::drivers::kubernetes
