#pragma once

#include <memory>
#include <string>
#include <vector>

#include "drivers/kinds.h"

namespace greenwave::drivers {

/// Kinds of which a device applies only some: the others are refused before anything of them is looked at.
class AllowedKinds : public Kinds {
 public:
  /// `allowed` are names of kinds, and `kinds` outlives this.
  AllowedKinds(const Kinds& kinds, std::vector<std::string> allowed)
      : kinds_(kinds), allowed_(std::move(allowed)) {}

  bool serves(const ObjectId& id) const override { return kinds_.serves(id); }
  plan::Footprint footprint(const Manifest& manifest, Problems& problems) const override;

 private:
  const Kinds& kinds_;
  const std::vector<std::string> allowed_;
};

}  // namespace greenwave::drivers
