#pragma once

#include "base/problem.h"
#include "model/manifest.h"
#include "plan/step.h"

namespace greenwave::drivers {

/// What is known of some kinds without looking at a device. Pure.
class Kinds {
 public:
  virtual ~Kinds() = default;

  virtual bool serves(const ObjectId& id) const = 0;

  /// Reads and checks a manifest of a served kind; what is wrong goes into `problems` with its place.
  virtual plan::Footprint footprint(const Manifest& manifest, Problems& problems) const = 0;
};

}  // namespace greenwave::drivers
