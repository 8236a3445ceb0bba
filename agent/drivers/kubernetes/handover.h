#pragma once

#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace greenwave::drivers::kubernetes {

/// The JSON patch (RFC 6902) that makes Greenwave the owner of everything that kubectl has applied to an
/// object, client-side or server-side, so that the next apply removes what the manifest no longer has.
/// Nothing if kubectl has applied nothing. `may_take` says from which managers to take fields. The server
/// rejects the patch if the object has changed since.
std::optional<std::string> handover_patch(const nlohmann::json& object,
                                          const std::function<bool(const std::string& manager)>& may_take);

}  // namespace greenwave::drivers::kubernetes
