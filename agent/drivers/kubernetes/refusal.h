#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/api.h"
#include "drivers/kubernetes/resource.h"
#include "model/manifest.h"

namespace greenwave::drivers::kubernetes {

/// The request that the server refused.
struct Asked {
  std::string_view verb;  ///< as in roles: patch, get, list, delete
  const Resource& resource;
  const std::string& namespace_;
  const std::string& name;
  const Manifest* manifest = nullptr;  ///< null: the request had none
};

/// Why the server refused, and what to do about it, as one line for people; with the manifest's file and line
/// if it is about a field. If the manifest is sensitive or a Secret, the server's message is left out,
/// because it repeats values.
std::string explain(const http::Response& response, const Asked& asked);

/// An Error for a request that is not about a single object. `action` is e.g. "listing ConfigMaps".
Error server_error(const http::Response& response, std::string_view action, const Api& api);

/// A field in a conflict, and the manager that has set it.
struct Claim {
  std::string manager;
  std::string field;
  std::string subresource{};  ///< by which it did: "scale"; empty: it wrote the object itself
};

/// Reads the causes of a conflict: `conflict with "kubectl-edit" using v1`.
std::vector<Claim> claims_of(const Status& status);

/// The place in the manifest of a field that a server names ("spec.template.spec.containers[0].image",
/// ".data.mode"), or of its deepest ancestor that the manifest has.
Place place_of(const Manifest& manifest, std::string_view field);

}  // namespace greenwave::drivers::kubernetes
