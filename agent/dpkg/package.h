#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dpkg/control.h"

namespace greenwave::dpkg {

/// A package, as its control data or dpkg's status file describes it.
struct Package {
  std::string name;
  std::string version;
  std::string architecture;

  // Of the status file alone; dpkg(1) explains these words.
  std::string want{};   ///< "install", "hold", "deinstall", "purge", "unknown"
  std::string error{};  ///< "ok", "reinstreq"
  std::string state{};  ///< "installed", "config-files", "half-configured", …

  bool essential = false;  ///< or protected: the device may not start without it
  std::vector<Alternatives> depends{};
  std::vector<Alternatives> excludes{};  ///< Conflicts and Breaks
  std::vector<Alternatives> provides{};

  bool is_installed() const { return state == "installed" && error == "ok"; }
  bool is_held() const { return want == "hold"; }
  /// Whether dpkg was interrupted while it changed it.
  bool is_broken() const;
  /// Whether any of its files may be there.
  bool is_there() const { return is_installed() || is_broken(); }
};

/// Throws Error (invalid) if a field is missing or malformed.
Package package_of(const Paragraph& control);

/// The packages that a device has.
class Table {
 public:
  Table() = default;
  /// From dpkg's status file. Fields that cannot be parsed are skipped, since people may have edited it.
  explicit Table(std::string_view status) { update(status); }

  /// Merges paragraphs of the same format: each replaces the one with its name and architecture.
  void update(std::string_view status);

  /// Null if there is none. Prefers the device's architecture.
  const Package* find(std::string_view name) const;
  /// The device's architecture, which is that of the package dpkg; empty if that is not listed.
  const std::string& architecture() const { return architecture_; }
  std::span<const Package> packages() const { return packages_; }

  /// As if it were installed; replaces the package with its name.
  void put(Package package);
  void remove(std::string_view name);

 private:
  void index();

  std::vector<Package> packages_;
  std::multimap<std::string, std::size_t, std::less<>> numbers_;
  std::string architecture_;
};

/// Why a change of the table is not possible.
struct Objections {
  std::vector<std::string> lacks{};     ///< missing dependencies: "libfoo1 (>= 1.2)"
  std::vector<std::string> excludes{};  ///< "foo and bar (1.0) exclude each other", "bar needs foo (>= 2)"

  bool empty() const { return lacks.empty() && excludes.empty(); }
};

/// Objections to installing `comes` in place of the package with its name. Pure.
Objections against(const Table& table, const Package& comes);
/// Objections to removing a package. Pure.
Objections against_removal(const Table& table, std::string_view name);

}  // namespace greenwave::dpkg
