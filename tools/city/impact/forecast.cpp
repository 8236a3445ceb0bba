#include "impact/forecast.h"

#include <algorithm>

#include "base/contains.h"
#include "kinds/table.h"
#include "render/cluster_file.h"
#include "sync/check.h"
#include "sync/planning.h"
#include "sync/unserved.h"

namespace greenwave::city {

namespace {

constexpr auto none = Differing::none;

/// Whether objects of this kind have paths on the host, where the device may have had something before.
bool has_paths(const ObjectId& id) {
  return id.api_version == own_api &&
         (id.kind == "File" || id.kind == "Directory" || id.kind == "SystemdUnit");
}

/// Of two ids, null being after all others.
int compare_ids(const ObjectId* a, const ObjectId* b) {
  if (a == nullptr) return 1;
  if (b == nullptr) return -1;
  return *a < *b ? -1 : *b < *a ? 1 : 0;
}

/// Whether a device with that runtime has it. `outline` may be null.
bool is_served(const Outline* outline, std::string_view runtime) {
  return outline != nullptr && outline->desired && kinds::is_served(outline->desired->manifest.id, runtime);
}

Entry entry_of(const plan::Desired& desired) {
  Entry entry;
  entry.id = desired.manifest.id;
  entry.digest = desired.manifest.digest;
  entry.rank = desired.footprint.rank;
  entry.claims = desired.footprint.claims;
  entry.keep = desired.manifest.on_removal == OnRemoval::keep;
  return entry;
}

}  // namespace

Move Forecaster::move_of(std::optional<std::size_t> base, std::size_t head) const {
  Move move{.base = base, .head = head, .old_runtime = {}, .runtime = {}};
  if (base) move.old_runtime = render::runtime_of(base_.cluster(), base_.devices()[*base]);
  move.runtime = render::runtime_of(head_.cluster(), head_.devices()[head]);
  return move;
}

const Outline* Forecaster::was(const Move& move, const Differing& one) {
  return one.was == none ? nullptr : &before_.of(one.was, move.old_runtime);
}

const Outline* Forecaster::is(const Move& move, const Differing& one) {
  return one.is == none ? nullptr : &after_.of(one.is, move.runtime);
}

std::vector<Differing> Forecaster::differing(const Move& move) {
  static const std::vector<std::uint32_t> nothing;
  const auto& had = move.base ? base_.objects_of(*move.base) : nothing;
  const auto& has = head_.objects_of(move.head);
  std::vector<Differing> list;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < had.size() || j < has.size()) {
    const auto order = compare_ids(i < had.size() ? &base_.id(base_.variants()[had[i]]) : nullptr,
                                   j < has.size() ? &head_.id(head_.variants()[has[j]]) : nullptr);
    Differing found;
    if (order <= 0) found.was = had[i++];
    if (order >= 0) found.is = has[j++];
    if (!same(move, found)) list.push_back(found);
  }
  return list;
}

bool Forecaster::same(const Move& move, const Differing& one) {
  if (one.was != none && one.is != none && move.old_runtime == move.runtime &&
      base_.variants()[one.was].key == head_.variants()[one.is].key) {
    return true;
  }
  const auto [at, is_new] = same_.try_emplace({one.was, one.is, move.old_runtime, move.runtime}, false);
  if (!is_new) return at->second;
  const auto* before = was(move, one);
  const auto* after = is(move, one);
  const bool had = is_served(before, move.old_runtime);
  const bool has = is_served(after, move.runtime);
  const bool is_refused = (before != nullptr && before->refused) ||
                          (after != nullptr && (after->refused || (after->desired && !has)));
  at->second = !is_refused && had == has &&
               (!had || before->desired->manifest.digest == after->desired->manifest.digest);
  return at->second;
}

std::optional<Forecaster::Taken> Forecaster::taken_by(const Outline* outline) {
  if (outline == nullptr || !outline->desired || outline->desired->footprint.claims.empty()) return {};
  return Taken(outline->desired->manifest.id.kind, outline->desired->footprint.claims);
}

Effects Forecaster::effects_of(const Move& move, const std::vector<Differing>& differing) {
  Effects effects(base_, head_, transfer_size_);
  std::map<Taken, std::uint32_t> leaving;
  for (const auto& one : differing) {
    if (one.is != none) continue;
    if (const auto taken = taken_by(was(move, one))) leaving.emplace(*taken, one.was);
  }
  for (const auto& one : differing) {
    if (one.is == none || !is(move, one)->desired) continue;
    auto former = is_served(was(move, one), move.old_runtime) ? one.was : none;
    // Under a new name it finds what it had under the old one.
    if (const auto taken = former == none ? taken_by(is(move, one)) : std::nullopt) {
      if (const auto found = leaving.find(*taken); found != leaving.end()) former = found->second;
    }
    effects.add_object(former == none ? nullptr : &base_.variants()[former], head_.variants()[one.is]);
  }
  return effects;
}

void Forecaster::fill_inventory(const Move& move, Forecast& forecast, std::set<ObjectId>& giving_back) {
  for (const auto variant : base_.objects_of(*move.base)) {
    const auto& outline = before_.of(variant, move.old_runtime);
    if (outline.refused) {
      const auto& id = base_.id(base_.variants()[variant]);
      forecast.uncertain.insert(id);
      forecast.inventory.emplace_back().id = id;
    }
    if (!is_served(&outline, move.old_runtime)) continue;
    forecast.inventory.push_back(entry_of(*outline.desired));
    const auto& entry = forecast.inventory.back();
    const bool gives_back = outline.desired->manifest.on_removal == OnRemoval::give_back;
    if (gives_back && has_paths(entry.id)) giving_back.insert(entry.id);
  }
}

void Forecaster::fill_desired(const Move& move, Forecast& forecast, std::vector<ObjectId>& refused,
                              std::set<ObjectId>& left_out) {
  sync::Checked checked;
  const auto& held = head_.combinations()[head_.combination_of(move.head)].held;
  for (const auto variant : head_.objects_of(move.head)) {
    const auto& id = head_.id(head_.variants()[variant]);
    const auto& outline = after_.of(variant, move.runtime);
    const bool is_held = held.contains(id);
    if (!is_held) {
      forecast.problems.insert(forecast.problems.end(), outline.errors.begin(), outline.errors.end());
    }
    if (outline.refused || is_held) {
      checked.refused.push_back(id);
    } else if (outline.desired && !kinds::is_served(id, move.runtime)) {
      checked.refused.push_back(id);
      if (kinds::is_served(id, "")) left_out.insert(id);
      sync::report_unserved(outline.desired->manifest, checked.problems);
    } else if (outline.desired) {
      checked.desired.push_back(*outline.desired);
    }
  }
  sync::refuse_hopeless(checked);
  forecast.desired = std::move(checked.desired);
  refused = std::move(checked.refused);
  add_errors(checked.problems, forecast.problems);
}

std::set<ObjectId> Forecaster::refused_before(const Move& move) {
  sync::Checked checked;
  const auto& held = base_.combinations()[base_.combination_of(*move.base)].held;
  for (const auto variant : base_.objects_of(*move.base)) {
    const auto& id = base_.id(base_.variants()[variant]);
    const auto& outline = before_.of(variant, move.old_runtime);
    if (outline.refused || held.contains(id)) {
      checked.refused.push_back(id);
    } else if (outline.desired && kinds::is_served(id, move.old_runtime)) {
      checked.desired.push_back(*outline.desired);
    }
  }
  sync::refuse_hopeless(checked);
  plan::Input input;
  input.desired = checked.desired;
  input.refused = checked.refused;
  input.tree = &base_.tree();
  const auto refused = sync::plan_render(std::move(input), {}, true).refused;
  return {refused.begin(), refused.end()};
}

bool Forecaster::takes_back(const Move& move, const Forecast& forecast, const std::set<ObjectId>& left_out) {
  if (!move.base || forecast.refused.empty()) return false;
  std::map<ObjectId, Digest> had;
  for (const auto& entry : forecast.inventory) had.emplace(entry.id, entry.digest);
  std::map<ObjectId, Digest> wanted;
  for (const auto& object : forecast.desired) wanted.emplace(object.manifest.id, object.manifest.digest);
  std::set<ObjectId> declared;
  for (const auto variant : head_.objects_of(move.head)) declared.insert(head_.id(head_.variants()[variant]));
  const auto before = refused_before(move);
  return std::ranges::any_of(forecast.refused, [&](const ObjectId& id) {
    if (before.contains(id) || left_out.contains(id) || !declared.contains(id)) return false;
    const auto was = had.find(id);
    const auto is = wanted.find(id);
    const bool is_unchanged = was != had.end() && is != wanted.end() && was->second == is->second;
    return !is_unchanged || contains(forecast.plan.dangling, id);
  });
}

std::unique_ptr<Forecast> Forecaster::forecast(const Move& move, const Effects& effects) {
  const auto head = move.head;
  auto forecast = std::make_unique<Forecast>();
  forecast->problems = errors_of(head_, head);
  if (head_.feature_problems(head).has_errors()) return forecast;
  plan::Input input;
  std::set<ObjectId> giving_back;
  if (move.base) fill_inventory(move, *forecast, giving_back);
  std::set<ObjectId> left_out;
  fill_desired(move, *forecast, input.refused, left_out);
  input.differences = effects.differences();
  input.desired = forecast->desired;
  input.inventory = forecast->inventory;
  input.may_prune = head_.complete(head);
  input.tree = &head_.tree();
  const bool may_empty = head_.cluster().allow_empty || head_.devices()[head].retired;
  auto planned = sync::plan_render(std::move(input), plan::Places(forecast->inventory), may_empty);
  add_errors(planned.problems, forecast->problems);
  forecast->refused = std::move(planned.refused);
  forecast->plan = std::move(planned.plan);
  const bool is_cut = move.base && base_.complete(*move.base) && !head_.complete(head);
  forecast->takes_back = is_cut || takes_back(move, *forecast, left_out);
  if (forecast->takes_back) forecast->plan.steps.clear();
  effects.add_renamed(forecast->desired, forecast->inventory, forecast->plan);
  for (auto& step : forecast->plan.steps) {
    step.gives_back = step.verb == plan::Verb::remove && giving_back.contains(step.id);
  }
  return forecast;
}

std::vector<std::string> Forecaster::new_errors(const Move& move) const {
  auto errors = errors_of(head_, move.head);
  if (!move.base || errors.empty()) return errors;
  const auto known = errors_of(base_, *move.base);
  std::erase_if(errors, [&](const std::string& error) { return contains(known, error); });
  return errors;
}

std::vector<std::string> errors_of(const render::Fleet& fleet, std::size_t device) {
  std::vector<std::string> errors;
  add_errors(fleet.feature_problems(device), errors);
  if (!errors.empty()) return errors;
  for (const auto& [concerned, problem] : fleet.device_problems()) {
    if (concerned == device && problem.severity == Severity::error) errors.push_back(to_string(problem));
  }
  const auto& combination = fleet.combinations()[fleet.combination_of(device)];
  for (const auto layer : combination.layers) add_errors(fleet.layers()[layer].problems, errors);
  add_errors(combination.problems, errors);
  return errors;
}

}  // namespace greenwave::city
