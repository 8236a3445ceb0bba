#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/manifest.h"
#include "model/source_tree.h"
#include "plan/step.h"

namespace greenwave::drivers {

/// A manifest of a commit, and that commit's files.
struct Declared {
  const Manifest& manifest;
  const SourceTree& tree;
};

/// What a device where one manifest is in place, undisturbed, does for the next one of the same object, as
/// far as the two say. Pure, so that a commit can be judged where there is no device.
struct Transition {
  /// As a Comparison finds it: `none` where the device already is as the next one says.
  plan::Difference::Kind kind = plan::Difference::Kind::none;
  /// By the object itself. A unit restarts, or is stopped (`whole`); a command runs, pods are replaced.
  plan::Disruption disruption = plan::Disruption::none;
  std::size_t files = 0;  ///< written
  /// A unit that does not run before or after: a restart that another object's change causes interrupts
  /// nothing.
  bool is_down = false;
  /// Of a unit that stays up: names of definitions (systemd::definition_names) that come or go with its
  /// aliases, as it is enabled or disabled. It restarts if anything is defined for them.
  std::vector<std::string> names{};
};

}  // namespace greenwave::drivers
