#pragma once

#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace greenwave::drivers::kubernetes {

/// The JSON patch (RFC 6902) that makes Greenwave the owner of all that kubectl had applied to an object, by
/// either of its ways: so that the next apply removes what the manifest no longer has. Nothing when kubectl
/// has applied nothing. `may_take` says of which managers. It fails where the object has changed since.
std::optional<std::string> handover_patch(const nlohmann::json& object,
                                          const std::function<bool(const std::string& manager)>& may_take);

}  // namespace greenwave::drivers::kubernetes
