#include "sync/prepare.h"

#include "base/problem_lists.h"
#include "sync/planning.h"

namespace greenwave::sync {

namespace {

void note_what_goes_back(const Observed& observed, plan::Plan& plan) {
  for (auto& step : plan.steps) {
    if (step.verb != plan::Verb::remove) continue;
    const auto* look = serving(observed.looks, step.id);
    if (look == nullptr) continue;
    step.difference.diff = look->session->gives_back(*step.entry);
    step.gives_back = !step.difference.diff.empty();
  }
}

}  // namespace

std::unique_ptr<Prepared> prepare(std::unique_ptr<SourceTree> tree, render::Rendered rendered,
                                  const PrepareInput& given) {
  auto prepared = std::make_unique<Prepared>();
  prepared->tree = std::move(tree);
  prepared->cluster = std::move(rendered.cluster);
  prepared->device = std::move(rendered.device);
  prepared->problems = std::move(rendered.problems);

  const auto& [inventory, owed, moot, observed, drivers, distrust, allow_empty, refuse] = given;
  auto checked = check(std::move(rendered.manifests), drivers);
  prepared->problems.append(checked.problems);
  prepared->desired = std::move(checked.desired);
  if (refuse) {
    const auto more = refuse(prepared->desired, *prepared->tree, prepared->problems);
    checked.refused.insert(checked.refused.end(), more.begin(), more.end());
  }
  prepared->compared = compare({prepared->desired, *prepared->tree}, inventory, observed, distrust);

  plan::Input input;
  input.desired = prepared->desired;
  input.inventory = inventory;
  input.differences = std::move(prepared->compared.differences);
  input.owed = owed;
  input.moot = moot;
  input.may_prune = rendered.complete;
  input.tree = prepared->tree.get();
  for (const auto* refused : {&rendered.refused, &checked.refused, &prepared->compared.refused}) {
    input.refused.insert(input.refused.end(), refused->begin(), refused->end());
  }
  const bool may_empty = allow_empty || prepared->cluster.allow_empty || prepared->device.retired;
  auto planned = plan_render(std::move(input), *prepared->compared.places, may_empty);
  prepared->plan = std::move(planned.plan);
  prepared->problems.append(planned.problems);
  prepared->problems = without_repeats(prepared->problems);
  for (const auto& part : prepared->compared.parts) part.comparison->leave_out(planned.refused);
  note_what_goes_back(observed, prepared->plan);
  return prepared;
}

}  // namespace greenwave::sync
