#pragma once

#include "base/problem.h"
#include "plan/claims.h"
#include "plan/contents.h"
#include "plan/objects.h"

namespace greenwave::plan {

/// Refuses objects of one render that conflict although no two claim the same: one is below another's file,
/// in a Directory that would purge it, or where a Directory's source has something too.
void refuse_overlaps(const Claims& claims, const Contents& contents, Objects& objects, Problems& problems);

}  // namespace greenwave::plan
