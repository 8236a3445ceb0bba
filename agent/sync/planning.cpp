#include "sync/planning.h"

#include <utility>

#include "sync/unserved.h"

namespace greenwave::sync {

Planned plan_render(plan::Input input, const plan::Places& places, bool may_empty) {
  Planned planned;
  const auto meant = meant_by(input.refused, input.desired, input.inventory);
  input.refused.insert(input.refused.end(), meant.begin(), meant.end());
  if (const auto problem = plan::empty_render(input); problem && !may_empty) {
    input.may_prune = false;
    planned.problems.error(problem->place, problem->message, problem->remedy);
  }
  planned.refused = input.refused;
  planned.plan = plan::plan(std::move(input), places);
  planned.refused.insert(planned.refused.end(), planned.plan.refused.begin(), planned.plan.refused.end());
  planned.problems.append(planned.plan.problems);
  return planned;
}

}  // namespace greenwave::sync
