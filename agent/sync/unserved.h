#pragma once

#include <span>
#include <vector>

#include "base/problem.h"
#include "config/config.h"
#include "model/cluster.h"
#include "model/device.h"
#include "model/entry.h"
#include "plan/step.h"

namespace greenwave::sync {

/// Reports a manifest that nothing on a device serves, with what it probably means.
void report_unserved(const Manifest& manifest, Problems& problems);

/// Warns when the repository says that the device has another runtime than it has: what is checked before a
/// merge relies on it.
void check_runtime(const Cluster& cluster, const Device& device, config::Runtime has, Problems& problems);

/// A refused manifest of a kind that nobody knows may be a misspelt one of an object that the device has, or
/// that another layer declares as well. Returns those, which must stay as they are: what the device has by
/// the same name and no manifest declares, and what is declared by the same name and nearly the same kind.
std::vector<ObjectId> meant_by(std::span<const ObjectId> refused, std::span<const plan::Desired> desired,
                               std::span<const Entry> inventory);

}  // namespace greenwave::sync
