#pragma once

#include <string>

#include "git/store.h"
#include "state/state.h"
#include "sync/intake/intake.h"

namespace greenwave::sync {

/// Puts the commit, its author and who signed it into a record.
void name_commit(state::SyncRecord& record, const git::Commit& commit, const Remembered& remembered);

/// Writes the history. A sync that did nothing is not recorded, unless the one before it did not come
/// through; nor is one that failed just as the one before it.
class Journal {
 public:
  explicit Journal(state::State& state);

  void add(const state::SyncRecord& record, Time now);

 private:
  state::State& state_;
  std::string last_;     ///< essence of the last record
  bool failed_ = false;  ///< the last record says that something does not work, or could not be done
};

}  // namespace greenwave::sync
