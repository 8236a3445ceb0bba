#pragma once

#include <functional>
#include <span>
#include <string>

#include "guard/own_check.h"
#include "state/state.h"
#include "sync/apply.h"
#include "sync/pass.h"
#include "sync/prepare.h"

/// A commit that changes what the agent starts with. The agent restarts at the end of the pass, and what it
/// is then decides about the commit; meanwhile the guard stands by.
namespace greenwave::sync {

/// Refuses what the agent could not start with; empty where it is not among what it changes.
Refuse own_rules(const Pass& pass);

/// Does `steps` by `apply`, with the guard standing by where that changes the agent. Where it cannot, the
/// objects concerned are left for later.
Applied with_guard(Pass& pass, std::span<const plan::Step> steps, ApplyContext& context,
                   const std::function<Applied()>& apply);

/// Whether this is the commit on trial, and an earlier run of the agent changed the agent for it.
bool answers_for_agent(const Pass& pass, const CommitId& commit);

/// Why the commit on trial, which changed the agent, is not healthy; empty: nothing speaks against it.
std::string own_failure(const Pass& pass);

/// The commit on trial is not healthy: the device goes back. Where the commit has changed the agent, the
/// guard puts its files back first, since what the agent is now may not be able to.
void turn_back(Pass& pass, const std::string& reason);

/// Call at the beginning of a pass: what the guard has put back was not healthy.
void learn_from_guard(Pass& pass);

/// Call at the end of a pass: the agent is back, and the guard may rest.
void release_guard(Pass& pass);

guard::Failed read_failed(const state::State& state);

}  // namespace greenwave::sync
