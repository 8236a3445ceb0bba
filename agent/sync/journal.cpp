#include "sync/journal.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "state/keys.h"
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

void name_commit(state::SyncRecord& record, const git::Commit& commit, const Remembered& remembered,
                 const Arrivals& arrivals) {
  record.commit = commit.id;
  record.subject = commit.subject;
  record.author = commit.author;
  const auto signer = remembered.signers.find(commit.id);
  if (signer != remembered.signers.end()) {
    record.signer = signer->second.principal;
    record.signer_key = signer->second.key;
  }
  const auto arrival = arrivals.find(commit.id);
  if (arrival != arrivals.end()) record.arrived = arrival->second;
}

Arrivals recall_arrivals(const state::State& state) {
  Arrivals arrivals;
  const auto json = nlohmann::json::parse(state.value(state::keys::arrivals).value_or(""), nullptr, false);
  if (!json.is_object()) return arrivals;
  try {
    for (const auto& [commit, arrived] : json.items()) {
      arrivals[CommitId(commit)] = state::arrived_from_json(arrived);
    }
  } catch (const Error&) {
    return {};  // no writer of ours wrote it
  }
  return arrivals;
}

void remember(state::State& state, const Arrivals& before, const Arrivals& after) {
  if (before == after) return;
  auto json = nlohmann::json::object();
  for (const auto& [commit, arrived] : after) json[commit.text()] = state::to_json(arrived);
  state.note_value(state::keys::arrivals,
                   json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Journal::Journal(state::State& state) : state_(state) {
  state_.note_interrupted();
  const auto last = state_.last_evidence();
  for (const auto& line :
       state_.evidence(std::max<std::int64_t>(0, last - std::int64_t{newest_journaled}), newest_journaled)) {
    const auto result = state::sync_result_from(line.value("result", ""));
    const bool was_tried = result == state::SyncResult::refused || result == state::SyncResult::not_healthy;
    const auto commit = line.value("commit", "");
    if (line.value("event", "") == "sync" && !was_tried && !commit.empty()) evident_ = CommitId(commit);
  }
  for (const auto& record : state.history(newest_journaled)) {
    if (!state::is_sync(record)) continue;
    failed_ = has_failed(record);
    return;
  }
}

void Journal::add(const state::SyncRecord& record, Time now, bool asked) {
  using state::SyncResult;
  const bool quiet = record.result == SyncResult::in_sync || record.result == SyncResult::held ||
                     record.result == SyncResult::waiting;
  // What works again without a step was repaired by somebody else, or by an agent that was killed.
  if (record.actions.empty() && record.error.empty() && quiet && (!failed_ || (failed_to_ask_ && !asked))) {
    if (!failed_) last_.clear();
    return leave_out(record);
  }
  auto text = essence(record);
  if (text == last_) return leave_out(record);
  state_.record(record, now);
  evident_ = record.commit;
  failed_ = has_failed(record);
  failed_to_ask_ = failed_ && asked && record.result == SyncResult::error;
  last_ = std::move(text);
}

/// Of the history.
void Journal::leave_out(const state::SyncRecord& record) {
  const bool is_asked_for = !record.who.empty() || record.trigger == state::Trigger::bundle;
  if (!is_asked_for && record.commit == evident_) return state_.end();
  state_.note(record);
  evident_ = record.commit;
}

}  // namespace greenwave::sync
