#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "config/own_paths.h"
#include "drivers/host/confined.h"
#include "model/manifest.h"
#include "plan/step.h"

namespace greenwave::drivers::host {

using config::own_unit;

/// Whether it is the agent's unit, or that of its guard: neither is stopped or disabled from here.
inline bool is_agents(std::string_view unit) {
  return unit == own_unit || unit == config::guard_unit;
}

struct UnitFile {
  std::string path;
  std::string content;
};

/// A SystemdUnit manifest's spec.
struct UnitSpec {
  std::string name;
  std::vector<UnitFile> files;  ///< the unit file, if its content is given, then the drop-ins
  std::optional<bool> enabled;  ///< absent: not ours to say
  std::optional<bool> running;
  std::optional<bool> masked;
  std::vector<ObjectRef> restart_on;
  std::vector<ObjectRef> reload_on;

  std::vector<std::string> paths() const;  ///< of the files
  /// The other names that the unit has once its manifest has enabled it; those that it has beside them are
  /// known on the device alone.
  std::vector<std::string> declared_aliases() const;
  bool defines_unit() const { return !files.empty() && files.front().path == unit_path(name); }

  static std::string unit_path(std::string_view name);
};

/// Reads and checks it; what is wrong goes into `problems`. Pure.
UnitSpec read_unit_spec(const Manifest& manifest, Problems& problems);

/// Whether the object is a SystemdUnit.
bool is_unit(const ObjectId& id);

/// What a manifest claims, and what comes before it; reads and checks the spec for that. Pure.
plan::Footprint unit_footprint(const Host& host, const Manifest& manifest, Problems& problems);

}  // namespace greenwave::drivers::host
