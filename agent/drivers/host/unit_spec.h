#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "drivers/host/confined.h"
#include "model/manifest.h"
#include "plan/step.h"

namespace greenwave::drivers::host {

/// The unit that the agent itself runs as.
inline constexpr std::string_view own_unit = "greenwaved.service";

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
