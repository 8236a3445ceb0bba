#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace greenwave::guard {

/// A file that systemd reads before it starts a unit's program.
struct UnitInput {
  std::string setting;  ///< "EnvironmentFile", "LoadCredential" or "LoadCredentialEncrypted"
  std::string path;     ///< absolute
  bool needed = true;   ///< the unit does not start without it
};

/// Those that a unit file or drop-in names (systemd.exec(5)), but for what only systemd can resolve:
/// specifiers, patterns, and credentials that it looks for in its own stores.
std::vector<UnitInput> inputs_of(std::string_view unit_file);

/// The same of all files and drop-ins that the unit has on this device now.
std::vector<UnitInput> inputs_on_device(std::string_view unit);

}  // namespace greenwave::guard
