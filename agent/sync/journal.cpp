#include "sync/journal.h"

#include <utility>

#include "sync/records.h"

namespace greenwave::sync {

namespace {

/// The newest records may be of pauses and the like.
constexpr std::size_t newest_journaled = 20;

bool has_failed(const state::SyncRecord& record) {
  using state::SyncResult;
  return record.result == SyncResult::failed || record.result == SyncResult::error ||
         record.result == SyncResult::unlisted;
}

}  // namespace

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

Journal::Journal(state::State& state) : state_(state) {
  for (const auto& record : state.history(newest_journaled)) {
    if (!state::is_sync(record)) continue;
    failed_ = has_failed(record);
    return;
  }
}

void Journal::add(const state::SyncRecord& record, Time now) {
  using state::SyncResult;
  const bool quiet = record.result == SyncResult::in_sync || record.result == SyncResult::held ||
                     record.result == SyncResult::waiting;
  // What works again without a step was repaired by somebody else, or by an agent that was killed.
  if (record.actions.empty() && record.error.empty() && quiet && !failed_) {
    last_.clear();
    return;
  }
  auto text = essence(record);
  if (text == last_) return;
  state_.record(record, now);
  failed_ = has_failed(record);
  last_ = std::move(text);
}

}  // namespace greenwave::sync
