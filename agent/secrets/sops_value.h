#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "yaml/node.h"

namespace greenwave::secrets {

/// An encrypted value as SOPS writes it.
struct SopsValue {
  std::string data;
  std::string nonce;
  std::string tag;
  std::string type;  ///< str, int, float, bool, bytes, time or comment
};

/// Nothing when the text is not an encrypted value.
std::optional<SopsValue> read_sops_value(std::string_view text);

/// Decrypts a value, with its type; null for a comment. `path` is the keys that lead to it, each followed by
/// a colon. Throws Error (invalid) when the value was changed, or moved here from another path.
yaml::Node open_sops_value(const SopsValue& value, std::string_view data_key, const std::string& path,
                           const Place& place);

/// Its bytes, whatever its type; nothing when it was changed or moved.
std::optional<std::string> open_sops_bytes(const SopsValue& value, std::string_view data_key,
                                           const std::string& path);

/// The bytes of a value that SOPS' MAC covers.
std::string sops_bytes(const yaml::Node& scalar);

}  // namespace greenwave::secrets
