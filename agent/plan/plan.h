#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/problem.h"
#include "plan/step.h"

namespace greenwave::plan {

/// A restart or reload that an earlier sync promised and could not do (a power cut came between).
struct Owed {
  ObjectId unit;
  bool restart = true;  ///< false: reload
  ObjectId because;
};

struct Input {
  std::span<const Desired> desired;  ///< must outlive the Plan
  std::span<const Entry> inventory;  ///< must outlive the Plan
  /// For the objects that were compared with the device: those whose digest differs from the inventory's,
  /// whose entry is missing or only intended, or that drifted. The others are as they should be.
  std::map<ObjectId, Difference> differences;
  std::vector<Owed> owed;
  /// Declared but refused by an earlier stage: stay as they are, are not pruned.
  std::vector<ObjectId> refused;
  /// False: nothing is pruned.
  bool may_prune = true;
};

struct Plan {
  std::vector<Step> steps;  ///< in the order in which they must run
  /// Cycles, duplicate claims, references to objects that do not exist: the objects concerned are left out.
  Problems problems;
  std::vector<ObjectId> refused;
};

/// Orders what must be done. Pure; the same input gives the same plan.
Plan plan(Input input);

}  // namespace greenwave::plan
