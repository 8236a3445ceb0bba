#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/error.h"
#include "drivers/kubernetes/owner.h"

namespace greenwave::drivers::kubernetes {

/// Who has changed an object, by its metadata.
struct Seen {
  std::string uid;
  std::string version;  ///< resourceVersion
  /// A digest of which fields are ours. While it stays the same, nobody has changed or removed any of them,
  /// since whoever does so becomes the owner. Empty: none is ours.
  std::string fields;
  std::string last_manager;  ///< the last other one that changed it; empty: none
  bool deleting = false;
  bool ours = false;    ///< it has our label
  bool shared = false;  ///< other agents hold it too
  bool taken = false;   ///< others have said that it is another device's, but no agent holds it
};

/// Says that an object is being deleted, and can be ours again only when it is gone.
Error going_away();

/// Reads the metadata of an object; `key` is the key of the digests in the agent's state.
Seen read_seen(const nlohmann::json& object, const Owner& owner, std::string_view key);

}  // namespace greenwave::drivers::kubernetes
