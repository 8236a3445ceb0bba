#pragma once

#include "base/problem.h"
#include "plan/objects.h"

namespace greenwave::plan {

/// Refuses objects whose containers see a path of the device by a name that another container may change: its
/// root could put a link to anything there, which is followed when this one starts again.
void refuse_mounts(Objects& objects, Problems& problems);

}  // namespace greenwave::plan
