#include "sync/standing.h"

namespace greenwave::sync {

std::optional<Time> Standing::next() const {
  auto next = waiting_until;
  for (const auto& one : failed) {
    if (one.again && (!next || *one.again < *next)) next = one.again;
  }
  return next;
}

std::optional<OnTrial> trial_of(const Course& course) {
  if (!course.trial) return {};
  const auto& trial = *course.trial;
  return OnTrial{.commit = trial.commit,
                 .unwell = trial.unwell,
                 .reverting = course.is_reverting(),
                 .refused = trial.refused,
                 .own_change = !trial.own_change.empty()};
}

}  // namespace greenwave::sync
