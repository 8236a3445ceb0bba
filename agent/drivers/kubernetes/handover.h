#pragma once

#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "config/config.h"
#include "drivers/kubernetes/api.h"
#include "drivers/kubernetes/owner.h"
#include "drivers/kubernetes/record.h"
#include "model/object_id.h"

namespace greenwave::drivers::kubernetes {

/// Whether to take the fields that a manager has set by an operation: Apply, or Update for anything else.
using Takes = std::function<bool(const std::string& manager, const std::string& operation)>;

/// Of an object that becomes ours: what tools that apply manifests have set (kubernetes.adopt), and what this
/// agent has under an earlier name: that of the record, or the one that all agents had. `config` must outlive
/// it.
Takes when_adopting(const config::Kubernetes& config, const nlohmann::json& object, const Owner& owner,
                    const Record& record);
/// Of an object that is ours: what people have applied since by kubectl (kubernetes.force).
Takes when_ours(const config::Kubernetes& config);

/// Whether when_adopting() may take something beside what tools have set: the agent had another name.
bool had_other_name(const Record& record, const Owner& owner);

/// The JSON patch (RFC 6902) that makes us the owner of everything that others have set of an object and that
/// `takes` names, so that the next apply removes what the manifest no longer has. Nothing if that is nothing.
/// What was written by a subresource is never taken. What was sent as a Secret's `stringData` is in `data`,
/// but the server noted it as it was sent. The server rejects the patch if the object has changed since.
std::optional<std::string> handover_patch(const nlohmann::json& object, const ObjectId& id,
                                          const Owner& owner, const Takes& takes);

/// The patch that sets the entries of managedFields, while the object is as it was read.
std::string managers_patch(const nlohmann::json& object, nlohmann::json entries);

/// The request that sends such a patch to the object that `look` asks for.
Call managers_call(Call look, std::string patch);

/// Adds a set of fields (FieldsV1) to another. Field sets are trees of maps, and the union of two is their
/// merge.
void unite(nlohmann::json& fields, const nlohmann::json& more);

}  // namespace greenwave::drivers::kubernetes
