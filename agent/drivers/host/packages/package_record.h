#pragma once

#include <optional>
#include <string>

#include "dpkg/package.h"
#include "drivers/host/packages/package_spec.h"

namespace greenwave::drivers::host {

/// A package as the device has it, or had it before the manifest.
struct PackageNow {
  std::string version;       ///< empty: it is not installed
  std::string architecture;  ///< of that version
  bool held = false;

  bool operator==(const PackageNow&) const = default;
};

/// Null: the device does not know the package. One that dpkg left unfinished counts as installed.
PackageNow now_of(const dpkg::Package* package);
/// "1.2-1, held", "not installed"
std::string in_words(const PackageNow& now);

/// What the inventory remembers of a Package, as JSON in Entry::record.
struct PackageRecord {
  std::string name;
  std::string version;  ///< as the manifest says; empty: any
  PackageSpec::State state = PackageSpec::State::installed;
  PackageNow before;     ///< what the device had before the manifest
  bool deletes = false;  ///< greenwave.dev/on-removal: delete

  bool operator==(const PackageRecord&) const = default;
};

std::string to_json(const PackageRecord& record);
/// Throws Error (damaged) when `text` is not what to_json writes.
PackageRecord package_record_from(const std::string& text);

/// How the device differs from the record, in a few words; nothing if it does not.
std::optional<std::string> package_drift(const PackageRecord& record, const dpkg::Package* package);

}  // namespace greenwave::drivers::host
