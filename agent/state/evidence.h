#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "state/history.h"

namespace greenwave::state {

// What the agent did, for those who must show it later: who asked, when, for which commit, who signed that,
// how it got here, what was done. It has more than the history: also syncs that a person asked for and that
// changed nothing, each commit that the device was brought to though nothing here changed, and syncs that a
// power cut ended.

/// The evidence has no more lines: the oldest go. With `longest_line`, that is 16 MiB at most.
inline constexpr std::int64_t most_lines = 4000;
/// In bytes; actions are left out of a longer one, those that failed last.
inline constexpr std::size_t longest_line = 4096;

/// What a line is about: "sync", "interrupted" (a sync that did not end: what it was about to do), "pause",
/// "resume", "state lost", "trust" (who may sign is not who it was).
nlohmann::json evidence_of(const SyncRecord& record, bool interrupted);

/// The line in the chain: with its number, the hash of the one before it, and as "hash" the SHA-256, in hex,
/// of all other members as compact JSON with sorted keys (`jq -cSj 'del(.hash)'`). Who changes a line must
/// change all after it: that shows where somebody else has a later one. It does not stop root on the device
/// from doing so.
std::string chained(nlohmann::json line, std::int64_t number, const std::string& previous);

struct Broken {
  std::int64_t number = 0;  ///< of the first line that is not as it was written; zero: all are
  std::string why;
};

/// Whether these lines, oldest first, follow each other and are as they were written. Pure.
Broken check_chain(const std::vector<nlohmann::json>& lines);

}  // namespace greenwave::state
