#pragma once

#include <optional>

#include "model/object_id.h"
#include "plan/step.h"

namespace greenwave::drivers::kubernetes {

/// Orders an apply: namespaces, definitions of kinds, the cluster's other objects, what workloads need,
/// workloads, and last what sits between the server and its clients.
int rank_of(const ObjectId& id);

bool is_namespace(const ObjectId& id);
bool is_definition(const ObjectId& id);  ///< a CustomResourceDefinition
bool is_secret(const ObjectId& id);
/// Stopping it interrupts what runs.
bool is_workload(const ObjectId& id);

/// How its health is watched; nothing for a kind that is always healthy, such as ConfigMap.
std::optional<plan::Watch> watch_of(const ObjectId& id);

}  // namespace greenwave::drivers::kubernetes
