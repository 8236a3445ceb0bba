#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace greenwave::fleet {

/// What became of an inventory's text.
struct InventoryEdit {
  std::string text;                    ///< as before, but for the recipients
  std::vector<std::string> added;      ///< devices that had no recipient
  std::vector<std::string> replaced;   ///< devices that had another
  std::vector<std::string> differing;  ///< devices that have another, and keep it
  std::vector<std::string> unlisted;   ///< devices that the inventory does not have
};

/// Puts the property `recipient` into the Features of an inventory (GeoJSON), as the members around it are
/// written, and changes no other byte. A device's Feature that has the recipient, alone or in a list, stays
/// as it is; one that has another is changed only if `replaces`. Pure. Throws Error (invalid) when `text` is
/// not a FeatureCollection.
InventoryEdit put_recipients(std::string_view text, const std::string& name,
                             const std::map<std::string, std::string>& recipients, bool replaces);

}  // namespace greenwave::fleet
