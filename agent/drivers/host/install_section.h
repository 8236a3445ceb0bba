#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace greenwave::drivers::host {

/// The [Install] section of a unit file (systemd.unit(5)): what enabling the unit means.
struct InstallSection {
  std::vector<std::string> wanted_by;
  std::vector<std::string> required_by;
  std::vector<std::string> alias;
  std::vector<std::string> also;
  std::string default_instance;

  bool empty() const { return wanted_by.empty() && required_by.empty() && alias.empty() && also.empty(); }
};

/// Adds to `section` what `text`, a unit file or a drop-in, has in its own. Skips everything else in the
/// file.
void read_install_section(std::string_view text, InstallSection& section);

/// The other names that enabling the unit gives it. Throws Error (invalid) for what systemctl refuses too.
/// Pure.
std::vector<std::string> aliases_of(const std::string& unit, const InstallSection& section);

struct InstallLink {
  std::string path;
  std::string target;

  auto operator<=>(const InstallLink&) const = default;
};

/// The links that `systemctl enable` makes for one unit, without its Also=. `file` is the path of the unit
/// file (for an instance: its template). Throws Error (invalid) for what systemctl refuses too. Pure.
std::vector<InstallLink> install_links(const std::string& unit, const std::string& file,
                                       const InstallSection& section);

}  // namespace greenwave::drivers::host
