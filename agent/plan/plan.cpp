#include "plan/plan.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "plan/claims.h"
#include "plan/graph.h"
#include "plan/objects.h"
#include "plan/prune.h"
#include "plan/references.h"

namespace greenwave::plan {

namespace {

constexpr auto no_step = static_cast<std::size_t>(-1);

std::optional<Verb> verb_for(const Digest& wanted, const Entry* entry, Difference::Kind kind) {
  using Kind = Difference::Kind;
  if (entry == nullptr || entry->digest.is_zero()) {
    if (kind == Kind::create) return Verb::create;
    return entry != nullptr && kind == Kind::none ? Verb::accept : Verb::adopt;
  }
  const bool same = entry->digest == wanted;
  if (kind != Kind::none) return same ? Verb::repair : Verb::update;
  if (same && !entry->intended && entry->error.empty()) return {};
  return Verb::accept;
}

void refuse_cycles(const Graph& graph, const Claims& claims, Objects& objects, Problems& problems) {
  const auto cycles = graph.cycles(objects.refused());
  for (const auto& cycle : cycles) {
    // Listed from what waits to what it waits for, as people write it.
    std::string names;
    for (auto member = cycle.rbegin(); member != cycle.rend(); ++member) {
      names += (names.empty() ? "" : " → ") + to_string(objects.id(*member));
    }
    bool exchanges = false;
    for (std::size_t i = 1; i < cycle.size(); ++i) {
      exchanges = exchanges || claims.makes_place(objects, cycle[i - 1], cycle[i]);
    }
    if (exchanges) {
      problems.error(objects.desired(cycle.front()).manifest.place(),
                     fmt::format("these swap places: {}", names),
                     "move one of them to a new place first, in a separate commit");
      continue;
    }
    problems.error(objects.desired(cycle.front()).manifest.place(),
                   fmt::format("these wait for each other: {}", names),
                   fmt::format("remove one of the references ({}, restartOn, reloadOn, a directory's path)",
                               annotations::depends_on));
  }
  for (const auto& cycle : cycles) {
    for (const auto member : cycle) objects.refuse(member);
  }
}

/// Writes the steps of a plan, one after the other.
class Writer {
 public:
  Writer(Input& input, const Objects& objects, const References& references, Plan& plan)
      : input_(input), objects_(objects), references_(references), plan_(plan) {
    steps_.assign(objects.size(), no_step);
    for (const auto& owed : input.owed) {
      if (const auto unit = objects.number_of(owed.unit)) owed_[*unit].push_back(&owed);
    }
  }

  void remove(const Entry& entry) { add({.verb = Verb::remove, .id = entry.id, .entry = &entry}); }

  void release(const Taken& taken) {
    Step step{.verb = Verb::release, .id = taken.entry->id, .entry = taken.entry};
    for (const auto by : taken.by) need(step, steps_[by]);
    add(std::move(step));
  }

  /// `after`: removals that make room for it.
  void apply(std::size_t number, const std::vector<std::size_t>& after) {
    Step step{
        .id = objects_.id(number), .desired = &objects_.desired(number), .entry = objects_.entry(number)};
    step.restart_because = changed(references_.restart_on(number));
    step.reload_because = changed(references_.reload_on(number));
    for (const auto& moot : input_.moot) {
      if (moot.unit == step.id)
        std::erase(moot.restart ? step.restart_because : step.reload_because, moot.because);
    }
    add_owed(number, step);

    std::optional<Verb> verb;
    if (const auto found = input_.differences.find(step.id); found != input_.differences.end()) {
      step.difference = std::move(found->second);
      verb = verb_for(step.desired->manifest.digest, step.entry, step.difference.kind);
    }
    if (!verb && !step.restart_because.empty()) verb = Verb::restart;
    if (!verb && !step.reload_because.empty()) verb = Verb::reload;
    if (!verb) return;
    step.verb = *verb;
    for (const auto before : references_.depends_on(number)) need(step, steps_[before]);
    for (const auto before : after) need(step, before);
    steps_[number] = plan_.steps.size();
    add(std::move(step));
  }

 private:
  void add(Step step) { plan_.steps.push_back(std::move(step)); }

  static void need(Step& step, std::size_t before) {
    const bool known = std::find(step.needs.begin(), step.needs.end(), before) != step.needs.end();
    if (before != no_step && !known) step.needs.push_back(before);
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

  /// A promised restart is kept unless its cause was refused: that change is still to come, or unknown.
  void add_owed(std::size_t number, Step& step) const {
    const auto found = owed_.find(number);
    if (found == owed_.end()) return;
    for (const auto* owed : found->second) {
      const auto cause = objects_.number_of(owed->because);
      if (cause && objects_.refused()[*cause]) continue;
      auto& list = owed->restart ? step.restart_because : step.reload_because;
      if (std::find(list.begin(), list.end(), owed->because) == list.end()) list.push_back(owed->because);
    }
  }

  Input& input_;
  const Objects& objects_;
  const References& references_;
  Plan& plan_;
  std::vector<std::size_t> steps_;  ///< of each object; no_step
  std::unordered_map<std::size_t, std::vector<const Owed*>> owed_;
};

}  // namespace

Plan plan(Input input) {
  Plan result;
  Objects objects(input);
  const auto refused_before = objects.refused();

  const Claims claims(objects);
  claims.refuse_conflicts(objects, input.may_prune, result.problems);
  const References references(objects, result.problems);
  Graph graph(objects.size());
  claims.order(objects, graph);
  references.order(graph);
  refuse_cycles(graph, claims, objects, result.problems);
  const auto sorted = graph.order(objects.refused());
  references.hold(sorted, objects, result.problems);

  Writer writer(input, objects, references, result);
  Prune leaving;
  if (input.may_prune) leaving = prune(objects, claims);
  std::unordered_map<std::size_t, std::vector<std::size_t>> makes_place;
  for (const auto* entry : leaving.first) {
    for (const auto& claim : entry->claims) {
      if (const auto by = claims.owner(claim)) makes_place[*by].push_back(result.steps.size());
    }
    writer.remove(*entry);
  }
  for (const auto number : sorted) {
    if (objects.refused()[number]) continue;
    const auto after = makes_place.find(number);
    writer.apply(number, after == makes_place.end() ? std::vector<std::size_t>{} : after->second);
  }
  for (const auto* taken : leaving.released) writer.release(*taken);
  for (const auto* entry : leaving.last) writer.remove(*entry);

  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (objects.refused()[i] && !refused_before[i]) result.refused.push_back(objects.id(i));
  }
  return result;
}

}  // namespace greenwave::plan
