#pragma once

#include "sync/pass.h"

namespace greenwave::sync {

/// A commit that is new to the device is on trial until its health ends that. Call before the first change to
/// the device.
void begin_trial(Pass& pass, const CommitId& commit, const plan::Plan& plan);

/// Call after the device was changed. Keeps the commit, turns the course back, or leaves the trial open where
/// something is still to be done.
void judge_health(Pass& pass, const CommitId& commit, const Prepared& prepared);

}  // namespace greenwave::sync
