#pragma once

#include <string>
#include <string_view>

#include "model/object_id.h"

/// What is known of kinds without asking a server.
namespace greenwave {

/// The group of an apiVersion; empty for Kubernetes' core.
std::string_view group_of(std::string_view api_version);

/// "Deployment.apps", "Secret": what names a kind whatever its version is.
std::string kind_and_group(std::string_view api_version, std::string_view kind);

/// Whether objects of the kind have no namespace, as far as the kinds that Kubernetes brings are concerned,
/// in whatever version.
bool is_cluster_scoped(const ObjectId& id);

}  // namespace greenwave
