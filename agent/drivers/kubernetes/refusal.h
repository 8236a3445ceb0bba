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

/// What was asked of the server when it refused.
struct Asked {
  std::string_view verb;  ///< as roles name it: patch, get, list, delete
  const Resource& resource;
  const std::string& namespace_;
  const std::string& name;
  const Manifest* manifest = nullptr;  ///< null: none was sent
};

/// Why the server refused, and what to do about it, in a line for people. What it says about a field carries
/// the manifest's file and line. Where the manifest is sensitive or of a Secret, the server's words are left
/// out, for they repeat values.
std::string explain(const http::Response& response, const Asked& asked);

/// An Error for a request that is about no single object. `action` is such as "listing ConfigMaps".
Error server_error(const http::Response& response, std::string_view action, const Api& api);

/// A field that several managers want, out of a conflict's causes.
struct Claim {
  std::string manager;
  std::string field;
};

/// Reads the causes of a conflict: `conflict with "kubectl-edit" using v1`.
std::vector<Claim> claims_of(const Status& status);

/// Whether a field cannot be changed any more, so that only another object can have it otherwise.
bool is_immutable(const http::Response& response);

/// Where the manifest says a field that a server names: "spec.template.spec.containers[0].image",
/// ".data.mode". The deepest part of it that is there.
Place place_of(const Manifest& manifest, std::string_view field);

}  // namespace greenwave::drivers::kubernetes
