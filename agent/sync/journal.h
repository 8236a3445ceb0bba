#pragma once

#include <map>
#include <string>

#include "git/store.h"
#include "state/state.h"
#include "sync/intake/intake.h"

namespace greenwave::sync {

/// How the commits got here that the device has or may go to.
using Arrivals = std::map<CommitId, state::Arrived>;

Arrivals recall_arrivals(const state::State& state);
/// Writes what differs from `before`, as a value that a power cut may lose.
void remember(state::State& state, const Arrivals& before, const Arrivals& after);

/// Puts the commit, its author, who signed it and how it got here into a record.
void name_commit(state::SyncRecord& record, const git::Commit& commit, const Remembered& remembered,
                 const Arrivals& arrivals);

/// Writes the history and the evidence. A sync that did nothing is not in the history, unless the one before
/// it did not come through; nor is one that failed just as the one before it. Of these, the evidence has
/// those that a person asked for, and the first at a commit.
///
/// While the server is away, tries to reach it and repairs without it take turns: what a repair finds says
/// nothing about the server, so an outage is written once.
class Journal {
 public:
  explicit Journal(state::State& state);

  /// `asked`: the sync was to ask for the newest commit.
  void add(const state::SyncRecord& record, Time now, bool asked);

 private:
  void leave_out(const state::SyncRecord& record);

  state::State& state_;
  CommitId evident_;            ///< the commit of the last line of evidence that is of a sync
  std::string last_;            ///< essence of the last record
  bool failed_ = false;         ///< the last record says that something does not work, or could not be done
  bool failed_to_ask_ = false;  ///< and that is all it says
};

}  // namespace greenwave::sync
