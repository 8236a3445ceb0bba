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

/// What `systemctl --root=DIR enable` and `disable` would do, for devices whose systemd does not run: an
/// image below a directory, or a root without systemd as its init. Reads only. As short-lived as a Parents.
class Enablement {
 public:
  explicit Enablement(const Host& host) : everything_{host.root, {"/"}}, parents_(everything_) {}

  /// The links that enabling `unit` makes, those of its Also= included. `given` stands for files of the unit
  /// that may not be written yet. Throws Error: invalid when there is no such unit or nothing to enable,
  /// conflict when it is masked.
  std::vector<InstallLink> links(const std::string& unit, std::span<const UnitFile> given);

  /// The links in place that disabling `unit` removes.
  std::vector<std::string> links_in_place(const std::string& unit, std::span<const UnitFile> given);

  bool in_place(const InstallLink& link);

 private:
  struct Found {
    std::string path;  ///< of the unit file; empty: none
    InstallSection install;
  };

  Found find(const std::string& unit, std::span<const UnitFile> given);
  void collect(const std::string& unit, std::span<const UnitFile> given, std::set<std::string>& seen,
               std::vector<InstallLink>& links);
  std::optional<Spot> where(const std::string& path);
  std::optional<std::string> read(const std::string& path);
  std::optional<std::string> link_target(const std::string& path);
  std::vector<std::string> names_in(const std::string& directory);

  Host everything_;
  Parents parents_;
};

}  // namespace greenwave::drivers::host
