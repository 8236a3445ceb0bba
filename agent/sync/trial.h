#pragma once

#include "sync/execution.h"
#include "sync/pass.h"

namespace greenwave::sync {

/// Whether what was refused of a commit is reason enough not to begin it, where there is one to go back to.
/// Then nothing of it has changed the device, and the course is turned back.
bool rejects(Pass& pass, const CommitId& commit, const Prepared& prepared);

/// A commit that is new to the device is on trial until its health ends that. Call before the first change to
/// the device.
void begin_trial(Pass& pass, const CommitId& commit, const Prepared& prepared);

/// Call after Execution::bring(). Keeps the commit, turns the course back, or leaves the trial open, as
/// blame.h says of each object. Prunes before it keeps, and only when all that the commit brings is there and
/// well; on the way back notes what is not back.
void judge(Pass& pass, const CommitId& commit, const Prepared& prepared, Execution& execution);

}  // namespace greenwave::sync
