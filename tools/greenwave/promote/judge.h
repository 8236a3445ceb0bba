#pragma once

#include "promote/plan.h"

namespace greenwave::promote {

/// Whether the commit of a wave may move on: `moves` (without `to`), `waits` or `halted`, and why.
Decision judge(const Stage& stage, const Situation& situation);

}  // namespace greenwave::promote
