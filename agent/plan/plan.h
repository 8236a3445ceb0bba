#pragma once

#include <map>
#include <optional>
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
  /// whose entry is missing, intended or in error, or that drifted. The others are as they should be.
  std::map<ObjectId, Difference> differences;
  std::vector<Owed> owed;
  /// Restarts and reloads that are not needed although their cause changes: the unit never took up what the
  /// cause was since, and now it becomes again what the unit runs with.
  std::vector<Owed> moot{};
  /// Declared but refused by an earlier stage: stay as they are, are not pruned, and what they claim stays
  /// taken. Those that passed their driver's checks may be in `desired` too.
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

/// A render that comes out empty is more often a mistake (a wrong subdirectory, a layer that selects nobody)
/// than a wish. The Problem says how to allow it, and until then nothing may be pruned; nothing when all is
/// well.
std::optional<Problem> empty_render(const Input& input);

/// Objects whose place is held by an entry of another kind that is no longer declared, or that moves away: a
/// Directory where a File of ours still stands, or a file below it. That entry goes first, so comparing them
/// with the device now would only find what is about to go: their Difference is Kind::create.
std::vector<ObjectId> replacing(std::span<const Desired> desired, std::span<const Entry> inventory);

}  // namespace greenwave::plan
