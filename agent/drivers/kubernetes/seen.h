#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/digest.h"

namespace greenwave::drivers::kubernetes {

/// The agent's name as a field manager.
inline constexpr std::string_view field_manager = "greenwave";

/// Who changed an object, by its metadata.
struct Seen {
  std::string uid;
  std::string version;  ///< resourceVersion
  /// Of the fields that are ours: as long as it stays, nobody has changed or removed one of them, for whoever
  /// does owns it from then on. Empty: none is ours.
  std::string fields;
  std::string last_manager;  ///< who else changed it last; empty: nobody
  bool deleting = false;
};

/// Reads the metadata of an object; `key` is of the digests in the agent's state.
Seen read_seen(const nlohmann::json& object, std::string_view key);

}  // namespace greenwave::drivers::kubernetes
