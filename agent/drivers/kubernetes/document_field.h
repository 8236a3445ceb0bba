#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace greenwave::drivers::kubernetes {

/// The value in a document that a server names in a conflict: ".spec.replicas",
/// `.webhooks[name="a.b"].clientConfig.caBundle`. Null if the document has none there.
const nlohmann::ordered_json* find_field(const nlohmann::ordered_json& document, std::string_view path);

/// Removes it. False: there is none, or it is what its item of a list is known by.
bool leave_out(nlohmann::ordered_json& document, std::string_view path);

/// Whether an item of a list is the one with these keys, as managedFields have them after "k:". Of those, the
/// server itself fills in one: a protocol, which is TCP.
bool has_keys(const nlohmann::ordered_json& item, const nlohmann::json& keys);

}  // namespace greenwave::drivers::kubernetes
