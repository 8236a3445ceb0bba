#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/problem.h"
#include "model/entry.h"
#include "plan/places.h"
#include "plan/plan.h"
#include "sync/observe.h"
#include "sync/standing.h"

namespace greenwave::sync {

/// Why an object that is declared is not applied.
struct Refusal {
  ObjectId id;
  std::string why{};      ///< what is wrong first, with its place
  Digest digest{};        ///< of the manifest; zero: it is not known
  bool left_out = false;  ///< it may be right, but needs a runtime that this device does not have
};

/// The render, as far as this device's drivers take it.
struct Checked {
  std::vector<plan::Desired> desired;
  std::vector<ObjectId> refused;  ///< declared, but wrong: they stay as they are
  std::vector<Refusal> refusals;  ///< one each
  Problems problems;
};

/// Lets each driver read and judge its manifests; a wrong one, and one that no driver serves, is refused, the
/// others go on.
Checked check(std::vector<Manifest> manifests, std::span<const drivers::Kinds* const> kinds);
Checked check(std::vector<Manifest> manifests, const Drivers& drivers);

/// Refuses health checks of a unit that the same render keeps down: they can never pass, so that every commit
/// would be reverted. Part of check().
void refuse_hopeless(Checked& checked);

/// A driver's part of a render, compared with the device.
struct ComparedPart {
  const drivers::Kinds* kinds;
  std::unique_ptr<drivers::Comparison> comparison;
};

/// What comparing with the device found.
struct Compared {
  std::unique_ptr<plan::Places> places;  ///< who has what on the device; the parts look there
  std::vector<ComparedPart> parts;  ///< one a driver, in their order; they need the Observed and the render
  std::map<ObjectId, plan::Difference> differences;
  std::vector<FailedObject> failed;  ///< could not be compared; they are refused too
  std::vector<ObjectId> refused;
};

/// Compares only what may differ: new, changed, drifted, failed or half-applied objects; all with `force`.
Compared compare(const drivers::Render& render, std::span<const Entry> inventory, const Observed& observed,
                 bool force);

}  // namespace greenwave::sync
