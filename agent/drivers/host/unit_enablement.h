#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "drivers/host/confined.h"
#include "drivers/host/install_section.h"
#include "drivers/host/unit_spec.h"

namespace greenwave::drivers::host {

/// The link that masks a unit.
InstallLink mask_of(const std::string& unit);

/// What `systemctl --root=DIR enable` and `disable` would do, for devices whose systemd does not run: an
/// image below a directory, or a root without systemd as its init. Reads only. As short-lived as a Parents.
class Enablement {
 public:
  explicit Enablement(const Host& host) : everything_{host.root, {"/"}}, parents_(everything_) {}

  /// The links that enabling `unit` makes, those of its Also= included. `given` are files of the unit that
  /// may not be written yet. Throws Error: invalid if there is no such unit or nothing to enable, conflict if
  /// it is masked.
  std::vector<InstallLink> links(const std::string& unit, std::span<const UnitFile> given);

  /// The links in place that disabling `unit` removes.
  std::vector<std::string> links_in_place(const std::string& unit, std::span<const UnitFile> given);

  bool in_place(const InstallLink& link);

  /// The unit that systemd knows under this name: another one if a link in a unit directory leads from the
  /// name to it, or if no unit has the name and another one's [Install] has it as an alias.
  std::string primary(const std::string& unit);

 private:
  struct Found {
    std::string path;  ///< of the unit file; empty: none
    InstallSection install;
  };

  Found find(const std::string& unit, std::span<const UnitFile> given);
  void collect(const std::string& unit, std::span<const UnitFile> given, std::set<std::string>& seen,
               std::vector<InstallLink>& links);
  /// The unit that this name leads to in the first unit directory that has it: itself if it is a file.
  /// Nothing if no directory has it.
  std::optional<std::string> linked_to(const std::string& unit);
  std::optional<std::string> having_alias(const std::string& unit);
  std::optional<Spot> where(const std::string& path);
  std::optional<std::string> read(const std::string& path);
  std::optional<std::string> link_target(const std::string& path);
  std::vector<std::string> names_in(const std::string& directory);

  Host everything_;
  Parents parents_;
};

}  // namespace greenwave::drivers::host
