#pragma once

#include <span>
#include <string>
#include <vector>

#include "database/query.h"
#include "intake/report.h"

namespace greenwave::hub {

/// The statement that takes a batch of reports, in one transaction: presence, states, history where a state
/// changed, the devices' own records, and what an operator asks of these devices. It returns a row for each
/// report, in any order, with the columns of BatchColumn. At most one report a device. Pure.
///
/// A report that is not newer than what is there, by (boot, sequence), changes nothing: so a repeat is
/// harmless.
Query batch_of(const std::string& city, std::span<const Report> reports);

enum BatchColumn {
  device_column,
  taken_column,      ///< t: it was newer
  boot_column,       ///< that was there before; null: none
  has_state_column,  ///< t: a state of this boot is there
  who_column,        ///< who asks for a sync; null: nobody
  why_column,
};

/// The channel on which each change of a state is told to all hubs: a JSON list of {"device", "condition",
/// "commit", "health", "at"}.
inline constexpr const char* channel = "greenwave";

}  // namespace greenwave::hub
