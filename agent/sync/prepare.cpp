#include "sync/prepare.h"

#include <algorithm>

#include "base/contains.h"
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

std::string first_error_about(const ObjectId& id, const Problems& problems) {
  const auto name = to_string(id);
  const Problem* first = nullptr;
  for (const auto& problem : problems.list()) {
    if (problem.severity != Severity::error) continue;
    if (problem.message.find(name) != std::string::npos) return to_string(problem);
    if (first == nullptr) first = &problem;
  }
  return first == nullptr ? std::string() : to_string(*first);
}

/// Those that a later stage than their driver has refused, or an earlier one, where they have no manifest.
void add_refusals(std::span<const ObjectId> refused, const Problems& problems, Prepared& prepared) {
  for (const auto& id : refused) {
    const auto is_it = [&id](const auto& known) { return known.id == id; };
    if (std::ranges::any_of(prepared.refused, is_it)) continue;
    Refusal refusal{.id = id, .why = first_error_about(id, problems)};
    const auto has_id = [&id](const plan::Desired& object) { return object.manifest.id == id; };
    const auto desired = std::ranges::find_if(prepared.desired, has_id);
    // An unchanged object whose reference leads nowhere is refused for what the commit has removed.
    const bool is_bystander = desired != prepared.desired.end() && !contains(prepared.plan.dangling, id);
    if (is_bystander) refusal.digest = desired->manifest.digest;
    prepared.refused.push_back(std::move(refusal));
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
  prepared->refused = std::move(checked.refusals);
  add_refusals(rendered.refused, prepared->problems, *prepared);
  prepared->problems.append(checked.problems);
  prepared->desired = std::move(checked.desired);
  if (refuse) {
    Problems problems;
    const auto more = refuse(prepared->desired, *prepared->tree, problems);
    checked.refused.insert(checked.refused.end(), more.begin(), more.end());
    add_refusals(more, problems, *prepared);
    prepared->problems.append(problems);
  }
  prepared->complete = rendered.complete;
  prepared->inventory = inventory;
  prepared->compared = compare({prepared->desired, *prepared->tree}, *inventory, observed, distrust);

  plan::Input input;
  input.desired = prepared->desired;
  input.inventory = *inventory;
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
  add_refusals(prepared->plan.refused, planned.problems, *prepared);
  prepared->problems.append(planned.problems);
  prepared->problems = without_repeats(prepared->problems);
  for (const auto& part : prepared->compared.parts) part.comparison->leave_out(planned.refused);
  note_what_goes_back(observed, prepared->plan);
  return prepared;
}

}  // namespace greenwave::sync
