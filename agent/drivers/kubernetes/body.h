#pragma once

#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "drivers/kubernetes/owner.h"
#include "model/manifest.h"

namespace greenwave::drivers::kubernetes {

/// What an apply sends for a manifest: its document under a name, with the namespace (empty: none) and the
/// owner's label. Nothing of it means something else than in the manifest:
/// - a Secret's `stringData` is in `data`, where it is owned, compared and removed like any other key;
/// - maps of names that are empty or null are left out, since others add to them;
/// - a Job or ReplicationController without labels has those of its pods, as the server gives them to one
/// that
///   is sent without any.
nlohmann::ordered_json document_of(const Manifest& manifest, const std::string& name,
                                   const std::string& namespace_, const Owner& owner);

/// The document as JSON that is also valid YAML, which server-side apply expects.
std::string to_body(const nlohmann::ordered_json& document);

}  // namespace greenwave::drivers::kubernetes
