#pragma once

#include "sync/pass.h"

namespace greenwave::sync {

/// A commit that is new to the device is on trial until its health ends that. Call before the first change to
/// the device.
void begin_trial(Pass& pass, const CommitId& commit, const Prepared& prepared);

/// Call after the device was changed. Keeps the commit, turns the course back, or leaves the trial open, as
/// blame.h says of each object. On the way back notes what is not back.
void judge_health(Pass& pass, const CommitId& commit, const Prepared& prepared);

}  // namespace greenwave::sync
