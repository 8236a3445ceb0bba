#pragma once

#include <optional>

#include "model/object_id.h"
#include "plan/step.h"

namespace greenwave::drivers::kubernetes {

/// Orders an apply: namespaces, definitions of kinds, the cluster's other objects, what workloads need,
/// workloads, and last what intercepts requests to the server (webhooks, API services).
int rank_of(const ObjectId& id);

bool is_namespace(const ObjectId& id);
bool is_definition(const ObjectId& id);  ///< a CustomResourceDefinition
/// Whether people installed its kind: its group has a domain other than Kubernetes' own.
bool is_custom(const ObjectId& id);
bool is_secret(const ObjectId& id);
bool is_config_map(const ObjectId& id);
bool is_job(const ObjectId& id);
bool is_claim(const ObjectId& id);  ///< a PersistentVolumeClaim
/// Whether the server gives one that comes without labels those of its pods.
bool has_labels_of_pods(const ObjectId& id);
/// Whether stopping it interrupts what runs.
bool is_workload(const ObjectId& id);

/// How to watch its health; nothing for a kind that is always healthy, such as ConfigMap.
std::optional<plan::Watch> watch_of(const ObjectId& id);

}  // namespace greenwave::drivers::kubernetes
