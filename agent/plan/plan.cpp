#include "plan/plan.h"

#include <algorithm>
#include <memory>
#include <unordered_map>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/text.h"
#include "plan/claims.h"
#include "plan/contents.h"
#include "plan/mounts.h"
#include "plan/objects.h"
#include "plan/overlaps.h"
#include "plan/places.h"
#include "plan/references.h"
#include "plan/waits.h"

namespace greenwave::plan {

namespace {

constexpr auto no_step = static_cast<std::size_t>(-1);

std::optional<Verb> verb_for(const Desired& desired, const Entry* entry, Difference::Kind kind) {
  using Kind = Difference::Kind;
  if (entry == nullptr || entry->digest.is_zero()) {
    if (kind == Kind::create) return Verb::create;
    return entry != nullptr && kind == Kind::none ? Verb::accept : Verb::adopt;
  }
  const bool same = entry->digest == desired.manifest.digest;
  if (kind != Kind::none) return same ? Verb::repair : Verb::update;
  const bool known = entry->claims == desired.footprint.claims && !entry->intended && entry->error.empty();
  if (same && known) return {};
  return Verb::accept;
}

/// Writes the steps of a plan, one after the other.
class Writer {
 public:
  Writer(Input& input, const Objects& objects, const References& references, const Waits& waits, Plan& plan)
      : input_(input), objects_(objects), references_(references), waits_(waits), plan_(plan) {
    steps_.assign(objects.size(), no_step);
    for (const auto& owed : input.owed) {
      if (const auto unit = objects.number_of(owed.unit)) owed_[*unit].push_back(&owed);
    }
  }

  void leave(std::size_t number, Verb verb) {
    add(number, {.verb = verb, .id = objects_.id(number), .entry = objects_.entry(number)});
  }

  void apply(std::size_t number) {
    Step step{
        .id = objects_.id(number), .desired = &objects_.desired(number), .entry = objects_.entry(number)};
    if (references_.restarts_on_refused(number, objects_)) {
      promise(number);
    } else {
      step.restart_because = changed(references_.restart_on(number));
      add_redefined(number, step);
      step.reload_because = changed(references_.reload_on(number));
      for (const auto& moot : input_.moot) {
        if (moot.unit == step.id)
          std::erase(moot.restart ? step.restart_because : step.reload_because, moot.because);
      }
      add_owed(number, step);
    }
    std::optional<Verb> verb;
    if (const auto found = input_.differences.find(step.id); found != input_.differences.end()) {
      step.difference = std::move(found->second);
      verb = verb_for(*step.desired, step.entry, step.difference.kind);
    }
    if (!verb && !step.restart_because.empty()) verb = Verb::restart;
    if (!verb && !step.reload_because.empty()) verb = Verb::reload;
    if (!verb) return;
    step.verb = *verb;
    add(number, std::move(step));
  }

  /// Restarts that others' changes owe to an object that is not touched now.
  void promise(std::size_t number) {
    if (objects_.entry(number) == nullptr) return;
    const auto& unit = objects_.id(number);
    for (const auto& cause : changed(references_.restart_on(number)))
      plan_.owed.push_back({unit, true, cause});
    for (const auto& cause : changed(references_.reload_on(number)))
      plan_.owed.push_back({unit, false, cause});
  }

 private:
  void add(std::size_t number, Step step) {
    for (const auto* wait : waits_.into(number)) {
      const auto before = steps_[wait->before];
      const auto is_this = [before](const Need& need) { return need.step == before; };
      if (!wait->why || before == no_step || std::ranges::any_of(step.needs, is_this)) continue;
      step.needs.push_back({before, *wait->why, std::string(wait->claim)});
    }
    steps_[number] = plan_.steps.size();
    plan_.steps.push_back(std::move(step));
  }

  std::vector<ObjectId> changed(const std::vector<std::size_t>& numbers) const {
    std::vector<ObjectId> ids;
    for (const auto number : numbers) {
      if (steps_[number] != no_step && changes_device(plan_.steps[steps_[number]])) {
        ids.push_back(objects_.id(number));
      }
    }
    return ids;
  }

  void add_redefined(std::size_t number, Step& step) const {
    for (const auto by : references_.defined_by(number)) {
      if (steps_[by] == no_step) continue;
      const auto& cause = plan_.steps[steps_[by]];
      const bool changes = changes_device(cause) || cause.verb == Verb::remove;
      auto& list = step.restart_because;
      if (changes && !contains(list, cause.id)) list.push_back(cause.id);
    }
  }

  /// A promised restart is kept unless its cause was refused: that change is still to come, or unknown.
  void add_owed(std::size_t number, Step& step) const {
    const auto found = owed_.find(number);
    if (found == owed_.end()) return;
    for (const auto* owed : found->second) {
      const auto cause = objects_.number_of(owed->because);
      if (cause && objects_.refused()[*cause]) continue;
      auto& list = owed->restart ? step.restart_because : step.reload_because;
      if (!contains(list, owed->because)) list.push_back(owed->because);
    }
  }

  Input& input_;
  const Objects& objects_;
  const References& references_;
  const Waits& waits_;
  Plan& plan_;
  std::vector<std::size_t> steps_;  ///< of each object; no_step
  std::unordered_map<std::size_t, std::vector<const Owed*>> owed_;
};

}  // namespace

Plan plan(Input input, const Places& places) {
  Plan result;
  Objects objects(input);
  const auto refused_before = objects.refused();

  const Contents contents(input.tree);
  const Claims claims(objects, places, contents);
  Waits waits(objects.size());
  claims.add_waits(waits);
  claims.refuse_conflicts(objects, result.problems);
  refuse_overlaps(claims, contents, objects, result.problems);
  refuse_mounts(objects, result.problems);
  const References references(objects, result.problems);
  references.add_waits(waits);
  claims.add_waits_to_leave(waits);
  references.add_order(waits);
  waits.settle(objects, result.problems);

  Writer writer(input, objects, references, waits, result);
  std::vector<bool> released(objects.size());
  for (auto i = objects.declared(); i < objects.size(); ++i) {
    // What a Directory's successor does not have is removed with it.
    released[i] = claims.is_taken_over(i) && !is_directory(objects.id(i));
  }
  for (const auto number : waits.order(objects, released)) {
    if (objects.is_declared(number)) {
      writer.apply(number);
    } else {
      writer.leave(number, released[number] ? Verb::release : Verb::remove);
    }
  }
  const auto removes = [](const Step& step) { return step.verb == Verb::remove; };
  const auto pruned = std::find_if_not(result.steps.rbegin(), result.steps.rend(), removes);
  result.prune_from = static_cast<std::size_t>(result.steps.rend() - pruned);
  for (const auto number : references.dangling()) result.dangling.push_back(objects.id(number));
  for (std::size_t i = 0; i < objects.declared(); ++i) {
    if (!objects.refused()[i]) continue;
    writer.promise(i);
    if (!refused_before[i]) result.refused.push_back(objects.id(i));
  }
  return result;
}

std::optional<Problem> empty_render(const Input& input) {
  if (!input.desired.empty() || !input.refused.empty()) return {};
  const auto pruned = static_cast<std::size_t>(std::count_if(input.inventory.begin(), input.inventory.end(),
                                                             [](const Entry& entry) { return !entry.keep; }));
  if (pruned == 0) return {};
  Problem problem;
  problem.place.file = std::make_shared<const std::string>("greenwave.yaml");
  problem.message = fmt::format("this commit declares nothing for this device, and would remove {}",
                                count_of(pruned, "object"));
  problem.remedy =
      "if this is intended, set spec.allowEmpty: true in greenwave.yaml, or run greenwave sync "
      "--allow-empty; "
      "until then nothing changes";
  return problem;
}

}  // namespace greenwave::plan
