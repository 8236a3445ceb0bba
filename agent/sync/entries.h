#pragma once

#include <span>
#include <string>

#include "drivers/driver.h"
#include "model/entry.h"
#include "plan/step.h"

namespace greenwave::sync {

/// The object's entry in the inventory, which is ordered by id; null if it has none.
const Entry* entry_of(std::span<const Entry> inventory, const ObjectId& id);

/// Whether the inventory must know of the step before it begins: those that leave the object on the device
/// as it is, or only restart it, need no intent.
bool needs_intent(const plan::Step& step);

/// What the inventory says while the step is under way. It claims what the object had and what it will have:
/// whatever moment the power goes, all of it is known to be ours.
Entry intent_of(const plan::Step& step);

/// What it says of a step whose turn comes later, and for which other objects make way already: the object
/// has no place yet, but what is kept of those that it takes is its own, whether it ever comes or not.
Entry expectation_of(const plan::Step& step);

/// What the inventory says after the step. A failed one that had an intent stays intended: how far it came is
/// not known. Not for a remove that succeeded.
Entry result_of(const plan::Step& step, const drivers::StepResult& result, const CommitId& commit);

}  // namespace greenwave::sync
