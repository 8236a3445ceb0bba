#pragma once

#include "changes/changes.h"
#include "kinds/table.h"
#include "model/device.h"
#include "model/source_tree.h"

namespace greenwave::hub {

/// What `greenwave impact` finds between two commits, with diffs of one device of each of the first groups.
/// `rules` are what devices allow. Throws Error (invalid) where a commit is no city that can be read at all.
/// Pure but for the trees.
Changes survey(const SourceTree& base, const SourceTree& head, const kinds::Rules& rules);

/// The same for one device, as the one group. `labels` are those that only the device knows.
Changes survey_device(const SourceTree& base, const SourceTree& head, const kinds::Rules& rules,
                      const Labels& labels, const std::string& device);

}  // namespace greenwave::hub
