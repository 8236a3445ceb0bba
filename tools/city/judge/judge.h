#pragma once

#include <optional>
#include <string_view>

#include "base/problem.h"
#include "config/config.h"
#include "kinds/table.h"
#include "plan/step.h"
#include "render/fleet.h"

namespace greenwave::city {

/// What devices with this agent.yaml allow.
kinds::Rules rules_of(const config::Config& config);

/// The kinds that a device serves, as far as the repository says which runtime it has.
class RuntimeKinds {
 public:
  explicit RuntimeKinds(const kinds::Rules& rules)
      : own_(kinds::TableKinds::own(rules.host.allowed_paths)),
        with_podman_(kinds::TableKinds::with_podman(rules)) {}

  const drivers::Kinds& of(std::string_view runtime) const {
    return runtime == "podman" ? with_podman_ : own_;
  }

 private:
  kinds::TableKinds own_;
  kinds::TableKinds with_podman_;
};

/// An object of a Fleet, rendered and read as a device reads it. Objects that `kinds` does not serve, and
/// another runtime may, are not checked further.
struct Judged {
  std::optional<plan::Desired> desired;  ///< empty: refused, or the device does not get it
  bool refused = false;
  Problems object;  ///< of layers and variables
  Problems spec;    ///< of the spec, found by its kind
};

Judged judge(const render::Fleet& fleet, const render::Variant& variant, const drivers::Kinds& kinds);

/// The part of an object that a plan reads: its id, claims and references, with their places.
plan::Desired outline_of(const plan::Desired& desired);

}  // namespace greenwave::city
