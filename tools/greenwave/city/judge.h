#pragma once

#include <optional>

#include "base/problem.h"
#include "drivers/kinds.h"
#include "plan/step.h"
#include "render/fleet.h"

namespace greenwave::cli {

/// An object of a Fleet, rendered and read as a device reads it. Kinds of other APIs go to a runtime
/// that only the device knows: nothing more is asked of them.
struct Judged {
  std::optional<plan::Desired> desired;  ///< nothing: refused, or the device does not get it
  bool refused = false;
  Problems object;  ///< of layers and variables
  Problems spec;    ///< of what the kinds say
};

Judged judge(const render::Fleet& fleet, const render::Variant& variant, const drivers::Kinds& kinds);

/// As much of an object as a plan reads: what it is, claims and refers to, and where that was written.
plan::Desired outline_of(const plan::Desired& desired);

}  // namespace greenwave::cli
