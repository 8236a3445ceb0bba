#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/problem.h"
#include "drivers/host/confined.h"
#include "drivers/transition.h"
#include "model/manifest.h"
#include "plan/step.h"

namespace greenwave::drivers::host {

inline constexpr std::string_view package_claim = "package:";

/// The agent's own package.
inline constexpr std::string_view own_package = "greenwave";

/// A Package manifest's spec.
struct PackageSpec {
  enum class State { installed, held, absent };

  std::string name;
  std::string version;  ///< empty: any
  State state = State::installed;
  bool has_source = false;          ///< else apt installs it
  bool replaces_conffiles = false;  ///< overwrites configuration files that were changed on the device
  bool disruptive = true;           ///< waits for a window
  Duration timeout = std::chrono::minutes(10);  ///< of each program that works on it

  bool is_absent() const { return state == State::absent; }
};

bool is_package(const ObjectId& id);

std::string_view to_string(PackageSpec::State state);

/// Reads and checks it; what is wrong goes into `problems`. Pure.
PackageSpec read_package_spec(const Host& host, const Manifest& manifest, Problems& problems);

/// What a manifest claims; reads and checks the spec for that. Pure.
plan::Footprint package_footprint(const Host& host, const Manifest& manifest, Problems& problems);

/// As those in drivers/host/transitions.h. A .deb with another content and the same version changes nothing.
Transition package_transition(const Declared* was, const Declared& is);

}  // namespace greenwave::drivers::host
