#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/object_id.h"

/// Facts about Kubernetes kinds that need no server.
namespace greenwave {

/// The group of an apiVersion; empty for Kubernetes' core group.
std::string_view group_of(std::string_view api_version);

/// "Deployment.apps", "Secret": names a kind independently of its version.
std::string kind_and_group(std::string_view api_version, std::string_view kind);

/// Whether objects of this kind have no namespace. Knows Kubernetes' built-in kinds only, in any
/// version.
bool is_cluster_scoped(const ObjectId& id);

/// Whether every server has this kind. Nothing where that is not known: beside "v1", "apps/v1" and
/// "batch/v1".
std::optional<bool> kubernetes_has(const ObjectId& id);

}  // namespace greenwave
