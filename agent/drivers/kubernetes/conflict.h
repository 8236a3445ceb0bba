#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/config.h"
#include "drivers/kubernetes/refusal.h"
#include "model/manifest.h"

namespace greenwave::drivers::kubernetes {

/// How to apply a manifest although others have set some of its fields.
struct Settlement {
  bool force = false;               ///< fields are taken over
  std::vector<std::string> left{};  ///< fields that the apply leaves out, as the server names them
  std::string note{};               ///< what was taken from and left to whom; for people
};

/// Decides about the claims of a conflict. Fields of people at their keyboards are taken over
/// (kubernetes.force), those of controllers are left to them: kubernetes.yield, whoever writes by a
/// subresource such as "scale", and what fills in a certificate or rules that the manifest leaves empty.
/// Fields of other agents of Greenwave are taken over by whoever has a new manifest (`is_update`), so that
/// devices that share an object can change it one after the other; otherwise the last one wins. Nothing: the
/// conflict is for people to solve.
std::optional<Settlement> settle(std::span<const Claim> claims, const Manifest& manifest, bool is_update,
                                 const config::Kubernetes& config);

/// Whether the name matches one of the patterns.
bool matches(const std::vector<std::string>& patterns, const std::string& manager);

}  // namespace greenwave::drivers::kubernetes
