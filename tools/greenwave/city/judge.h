#pragma once

#include <optional>

#include "base/problem.h"
#include "drivers/kinds.h"
#include "plan/step.h"
#include "render/fleet.h"

namespace greenwave::cli {

/// An object of a Fleet, rendered and read as a device reads it. Objects of other APIs are not checked
/// further, since only the device knows its runtime.
struct Judged {
  std::optional<plan::Desired> desired;  ///< empty: refused, or the device does not get it
  bool refused = false;
  Problems object;  ///< of layers and variables
  Problems spec;    ///< of the spec, found by its kind
};

Judged judge(const render::Fleet& fleet, const render::Variant& variant, const drivers::Kinds& kinds);

/// The part of an object that a plan reads: its id, claims and references, with their places.
plan::Desired outline_of(const plan::Desired& desired);

}  // namespace greenwave::cli
