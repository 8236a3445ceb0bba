#include "report/condition.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/contains.h"

namespace greenwave::report {

namespace {

using daemon::Situation;

constexpr std::array<std::string_view, 8> words{"not-reporting", "reverted", "failed",   "paused",
                                                "held",          "waiting",  "applying", "in-sync"};

/// What the agent does before it changes anything.
bool only_asks(const std::string& phase) {
  return phase.empty() || phase == "idle" || phase == "polling" || phase == "fetching";
}

}  // namespace

std::string_view to_string(Condition condition) {
  return words.at(static_cast<std::size_t>(condition));
}

std::span<const std::string_view> condition_words() {
  return words;
}

std::optional<Condition> condition_from(std::string_view word) {
  const auto* const found = std::ranges::find(words, word);
  if (found == words.end()) return {};
  return static_cast<Condition>(found - words.begin());
}

Condition condition_of(const daemon::Status& status) {
  const auto judgement = daemon::judge(status);
  const auto has = [&](Situation situation) { return contains(judgement.situations, situation); };
  if (has(Situation::reverted)) return Condition::reverted;
  if (judgement.health == daemon::Health::failed) return Condition::failed;
  if (has(Situation::paused)) return Condition::paused;
  if (has(Situation::held)) return Condition::held;
  if (has(Situation::waiting)) return Condition::waiting;
  const bool is_undecided = judgement.health == daemon::Health::progressing;
  return is_undecided || !only_asks(status.phase) ? Condition::applying : Condition::in_sync;
}

}  // namespace greenwave::report
