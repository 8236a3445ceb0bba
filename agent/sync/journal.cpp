#include "sync/journal.h"

#include <utility>

#include "sync/records.h"

namespace greenwave::sync {

void name_commit(state::SyncRecord& record, const git::Commit& commit, const Remembered& remembered) {
  record.commit = commit.id;
  record.subject = commit.subject;
  record.author = commit.author;
  const auto signer = remembered.signers.find(commit.id);
  if (signer != remembered.signers.end()) {
    record.signer = signer->second.principal;
    record.signer_key = signer->second.key;
  }
}

void Journal::add(const state::SyncRecord& record, Time now) {
  using state::SyncResult;
  const bool quiet = record.result == SyncResult::in_sync || record.result == SyncResult::held ||
                     record.result == SyncResult::waiting;
  if (record.actions.empty() && record.error.empty() && quiet) {
    last_.clear();
    return;
  }
  auto text = essence(record);
  if (text == last_) return;
  state_.record(record, now);
  last_ = std::move(text);
}

}  // namespace greenwave::sync
