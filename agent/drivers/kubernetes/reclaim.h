#pragma once

#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/owner.h"
#include "drivers/kubernetes/server.h"

namespace greenwave::drivers::kubernetes {

/// What keeps the server from taking an apply, and can be removed by it.
struct Reclaim {
  std::string patch;    ///< JSON patch that makes us the owner of it, so that the next apply removes it
  std::string restore;  ///< the entries of managedFields before, as JSON
  std::string what;     ///< `spec.ports from kubectl-edit`; for people, without values
};

/// An apply merges, and can give an object that the server refuses: a Service's port whose number was changed
/// by hand stands beside the manifest's with the same name, and a volume has two sources. Finds what others
/// have added at the fields that the server refuses, and the manifest does not have: items of a list with a
/// duplicate, the other members of what may have one member only, defaults that the manifest's values rule
/// out. `may_take` says whose fields may be taken. Nothing if that is nothing.
std::optional<Reclaim> reclaim(const nlohmann::json& object, const nlohmann::ordered_json& document,
                               const Status& refusal, const Owner& owner,
                               const std::function<bool(const std::string& manager)>& may_take);

/// The same, of whose fields the configuration and the manifest allow to take.
std::optional<Reclaim> reclaim_for(const Server& server, const Target& target, const Manifest& manifest,
                                   const nlohmann::json& object, const http::Response& refusal);

}  // namespace greenwave::drivers::kubernetes
