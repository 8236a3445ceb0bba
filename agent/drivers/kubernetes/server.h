#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/config.h"
#include "drivers/kubernetes/api.h"
#include "drivers/kubernetes/discovery.h"
#include "drivers/kubernetes/owner.h"
#include "drivers/kubernetes/record.h"
#include "model/manifest.h"

namespace greenwave::drivers::kubernetes {

/// An object's address on the server.
struct Target {
  Resource resource;
  std::string namespace_;  ///< empty: none
  std::string name;

  std::string path() const { return object_path(resource, namespace_, name); }
};

/// What the parts of the driver share: one server, and as whom the agent uses it.
struct Server {
  Server(const config::Kubernetes& settings, Owner own, const std::string& key, const std::atomic<bool>& stop,
         std::function<void()> while_waiting);

  const config::Kubernetes& config;
  const std::string& digest_key;
  const Owner owner;
  Api api;
  Discovery discovery;
  /// Set while the server does not answer or is too busy; the last response decides.
  std::optional<Error> away;

  /// Api::send_all that sets `away`.
  std::vector<http::Answer> send_all(std::span<const Call> calls, Duration patience);

  /// The object's namespace, as far as it is known before the server has been asked about its kind.
  std::string namespace_of(const ObjectId& id) const;
  Target target_of(const ObjectId& id, const Resource& resource) const;
  static Target target_of(const ObjectId& id, const Record& record);
  /// The user whom the agent impersonates in a namespace; empty: none.
  std::string user_in(const std::string& namespace_) const;
};

/// Time limits for requests that only read, and for those in the middle of a change.
inline constexpr Duration looking_patience = std::chrono::seconds(5);
inline constexpr Duration changing_patience = std::chrono::seconds(60);

/// How a manifest is applied.
struct Manner {
  bool force = false;               ///< fields of others are taken over
  bool dry_run = false;             ///< the response is the whole object, and nothing changes
  std::vector<std::string> left{};  ///< fields that are left out: Settlement::left
};

/// Whether it is about one version of an object (metadata.uid, resourceVersion): a conflict is final.
bool names_version(const Manifest& manifest);

/// The request that applies a manifest.
Call apply_call(const Server& server, const Target& target, const Manifest& manifest, const Manner& manner);
/// The request that gives up all fields of the object and our label on it, for which others have it too.
/// Fails where it is no longer in this version.
Call release_call(const Server& server, const Target& target, const std::string& version);

/// The record of a manifest before anything is known about its object.
Record record_of(const Target& target, const Manifest& manifest);

}  // namespace greenwave::drivers::kubernetes
