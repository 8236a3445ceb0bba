#pragma once

#include <string>
#include <vector>

#include "base/problem.h"
#include "state/history.h"
#include "sync/request.h"
#include "sync/standing.h"

namespace greenwave::sync {

/// For people: errors first, each as FILE:LINE:COLUMN.
std::vector<std::string> texts_of(const Problems& problems);

std::size_t error_count(const Problems& problems);

/// Equal for two records of a failing sync that say the same, so that the second is not kept.
std::string essence(const state::SyncRecord& record);

/// The step that an action was, as it goes by.
Event event_of(const state::Action& action, const CommitId& commit);

/// The action in the history of an object that was not touched.
state::Action refusal_of(const FailedObject& failed);

}  // namespace greenwave::sync
