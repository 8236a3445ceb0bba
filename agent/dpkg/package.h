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
  std::vector<Alternatives> excludes{};  ///< Conflicts and Breaks: none of these beside it
  std::vector<Alternatives> provides{};

  bool is_installed() const { return state == "installed" && error == "ok"; }
  bool is_held() const { return want == "hold"; }
  /// Whether dpkg stopped in the middle of something with it.
  bool is_broken() const;
  /// Whether any of its files may be there.
  bool is_there() const { return is_installed() || is_broken(); }
};

/// Throws Error (invalid) where a field is missing or wrong.
Package package_of(const Paragraph& control);

/// The packages that a device has.
class Table {
 public:
  Table() = default;
  /// Of dpkg's status file. What of a package cannot be read is left out of it, as people may have put
  /// anything there.
  explicit Table(std::string_view status) { update(status); }

  /// Takes paragraphs of the same form, each in place of the one of its name and architecture.
  void update(std::string_view status);

  /// Null where there is none; of several architectures the device's own.
  const Package* find(std::string_view name) const;
  /// The device's architecture, which is that of dpkg itself; empty where that is not installed.
  const std::string& architecture() const { return architecture_; }
  std::span<const Package> packages() const { return packages_; }

  /// As if it were installed, in place of the one of its name.
  void put(Package package);
  void remove(std::string_view name);

 private:
  void index();

  std::vector<Package> packages_;
  std::multimap<std::string, std::size_t, std::less<>> numbers_;
  std::string architecture_;
};

/// What speaks against a change of the table.
struct Objections {
  std::vector<std::string> lacks{};     ///< what the package needs and is not there: "libfoo1 (>= 1.2)"
  std::vector<std::string> excludes{};  ///< "foo and bar (1.0) exclude each other", "bar needs foo (>= 2)"

  bool empty() const { return lacks.empty() && excludes.empty(); }
};

/// Of `comes` taking the place of the package of its name. Pure.
Objections against(const Table& table, const Package& comes);
/// Of a package going. Pure.
Objections against_removal(const Table& table, std::string_view name);

}  // namespace greenwave::dpkg
