#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/problem.h"
#include "model/source_tree.h"
#include "plan/places.h"
#include "plan/step.h"

namespace greenwave::plan {

/// A restart or reload that an earlier sync owed and could not do (for example because of a power cut).
struct Owed {
  ObjectId unit;
  bool restart = true;  ///< false: reload
  ObjectId because;
};

struct Input {
  std::span<const Desired> desired;  ///< must outlive the Plan
  std::span<const Entry> inventory;  ///< must outlive the Plan
  /// For the objects that were compared with the device: those whose digest differs from the inventory's,
  /// whose entry is missing, intended or failed, or that drifted. The others are in sync.
  std::map<ObjectId, Difference> differences;
  std::vector<Owed> owed;
  /// Restarts and reloads that are not needed although their cause changes: the unit was not restarted since
  /// the last change of the cause, which now returns to what the unit is running with.
  std::vector<Owed> moot{};
  /// Declared but refused by an earlier stage: not changed, not pruned, and their claims stay taken. Those
  /// that passed their driver's checks may also be in `desired`.
  std::vector<ObjectId> refused;
  /// False: nothing is pruned.
  bool may_prune = true;
  /// The tree with Directories' sources; must outlive the Plan. Null: their content is not considered.
  const SourceTree* tree = nullptr;
};

struct Plan {
  std::vector<Step> steps;  ///< in the order in which they must run
  /// The first of the last steps, those that only remove what is no longer declared; steps.size() if none.
  std::size_t prune_from = 0;
  /// Cycles, duplicate claims, references to missing objects: the objects concerned are left out.
  Problems problems;
  std::vector<ObjectId> refused;
  std::vector<ObjectId> dangling;  ///< of these, those that refer to what no manifest declares any more
  /// Restarts that a step's change owes to an object that is refused, or that must not restart yet.
  std::vector<Owed> owed;
};

/// Orders the steps. `places` are those of the inventory. Pure; the same input gives the same plan.
Plan plan(Input input, const Places& places);

/// An empty render is more often a mistake (a wrong subdirectory, a layer that selects no device) than
/// intended. The Problem says how to allow it; until then nothing may be pruned. Nothing when there is no
/// such problem.
std::optional<Problem> empty_render(const Input& input);

/// Objects whose place now belongs to another object of ours that leaves first, because it is no longer
/// declared or moves away. Comparing them with the device now would only find that one. Reads `desired`,
/// `inventory`, `tree`.
std::vector<ObjectId> replacing(const Input& input, const Places& places);

}  // namespace greenwave::plan
