#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/listed.h"
#include "base/text.h"
#include "city/judge.h"
#include "impact/effects.h"
#include "impact/impact.h"
#include "impact/transfer_size.h"
#include "plan/plan.h"

namespace greenwave::cli {

namespace {

constexpr auto none = static_cast<std::uint32_t>(-1);

/// Whether objects of this kind have paths on the host, where the device may have had something before.
bool has_paths(const ObjectId& id) {
  return id.api_version == own_api &&
         (id.kind == "File" || id.kind == "Directory" || id.kind == "SystemdUnit");
}

/// The objects of one commit as a plan reads them. Each is judged once, however many devices have it.
class Outlines {
 public:
  Outlines(const render::Fleet& fleet, const drivers::Kinds& kinds) : fleet_(fleet), kinds_(kinds) {}

  struct Outline {
    std::optional<plan::Desired> desired;
    std::string refusal;  ///< empty: not refused
  };

  const Outline& of(std::uint32_t variant) {
    const auto [at, is_new] = known_.try_emplace(variant);
    if (!is_new) return at->second;
    auto judged = judge(fleet_, fleet_.variants()[variant], kinds_);
    if (judged.desired) at->second.desired = outline_of(*judged.desired);
    if (judged.refused) {
      for (const auto* problems : {&judged.object, &judged.spec}) {
        for (const auto& problem : problems->list()) {
          if (problem.severity == Severity::error && at->second.refusal.empty()) {
            at->second.refusal = to_string(problem);
          }
        }
      }
    }
    return at->second;
  }

 private:
  const render::Fleet& fleet_;
  const drivers::Kinds& kinds_;
  std::unordered_map<std::uint32_t, Outline> known_;
};

/// An object of a device that differs: its variants in base and head, or none.
struct Differing {
  std::uint32_t was = none;
  std::uint32_t is = none;
};

class Comparison {
 public:
  Comparison(const render::Fleet& base, const render::Fleet& head, const drivers::Kinds& kinds)
      : base_(base), head_(head), before_(base, kinds), after_(head, kinds), transfer_size_(base, head) {}

  Impact compare(const std::string& by) {
    impact_.by = by;
    for (std::uint32_t i = 0; i < head_.devices().size(); ++i) {
      const auto& device = head_.devices()[i];
      const auto number = add_device(head_.cluster(), device);
      const auto base = base_.device(device.id);
      if (!base) impact_.added.push_back(number);
      if (device.retired && !(base && base_.devices()[*base].retired)) impact_.retired.push_back(number);
      compare_device(number, base, i);
    }
    for (const auto& device : base_.devices()) {
      if (!head_.device(device.id)) impact_.gone.push_back(add_device(base_.cluster(), device));
    }
    join_groups();
    return std::move(impact_);
  }

  /// The objects that differ for one device. Sets `reason` if it cannot be judged.
  std::vector<Differing> differing(std::optional<std::size_t> base, std::size_t head, std::string& reason) {
    std::vector<Differing> list;
    static const std::vector<std::uint32_t> nothing;
    const auto& had = base ? base_.objects_of(*base) : nothing;
    const auto& has = head_.objects_of(head);
    if (base) reason = gap_of(base_, *base, "at the base");
    if (reason.empty()) reason = gap_of(head_, head, "at the head");
    std::size_t i = 0;
    std::size_t j = 0;
    while (reason.empty() && (i < had.size() || j < has.size())) {
      const auto order = compare_ids(i < had.size() ? &base_.id(base_.variants()[had[i]]) : nullptr,
                                     j < has.size() ? &head_.id(head_.variants()[has[j]]) : nullptr);
      Differing found;
      if (order <= 0) found.was = had[i++];
      if (order >= 0) found.is = has[j++];
      if (!same(found, reason)) list.push_back(found);
    }
    return list;
  }

  Effects effects_of(const std::vector<Differing>& differing) {
    Effects effects(base_, head_, transfer_size_);
    std::map<std::pair<std::string, std::vector<std::string>>, std::uint32_t> leaving;
    for (const auto& one : differing) {
      if (one.is != none) continue;
      if (const auto place = place_of(before_, one.was)) leaving.emplace(*place, one.was);
    }
    for (const auto& one : differing) {
      if (one.is == none) continue;
      auto was = one.was;
      // Under a new name it finds what it had under the old one.
      if (const auto place = was == none ? place_of(after_, one.is) : std::nullopt) {
        if (const auto found = leaving.find(*place); found != leaving.end()) was = found->second;
      }
      effects.add_object(was == none ? nullptr : &base_.variants()[was], head_.variants()[one.is]);
    }
    return effects;
  }

  /// The plan of a device that moves from base to head.
  struct Planned {
    std::vector<plan::Desired> desired;
    std::vector<Entry> inventory;
    std::set<ObjectId> giving_back;  ///< where the device had something before
    plan::Plan plan;
    std::string refusal;  ///< why the device does nothing of it; empty: it does not refuse
  };

  std::unique_ptr<Planned> plan_for(std::optional<std::size_t> base, std::size_t head,
                                    const Effects& effects) {
    auto planned = std::make_unique<Planned>();
    plan::Input input;
    for (const auto variant : base ? base_.objects_of(*base) : std::vector<std::uint32_t>{}) {
      const auto& outline = before_.of(variant);
      if (!outline.desired) continue;
      Entry entry;
      entry.id = outline.desired->manifest.id;
      entry.digest = outline.desired->manifest.digest;
      entry.rank = outline.desired->footprint.rank;
      entry.claims = outline.desired->footprint.claims;
      const auto removal = outline.desired->manifest.on_removal;
      entry.keep = removal == OnRemoval::keep;
      if (removal == OnRemoval::give_back && has_paths(entry.id)) planned->giving_back.insert(entry.id);
      planned->inventory.push_back(std::move(entry));
    }
    for (const auto variant : head_.objects_of(head)) {
      const auto& outline = after_.of(variant);
      if (outline.desired) planned->desired.push_back(*outline.desired);
    }
    input.differences = effects.differences();
    input.desired = planned->desired;
    input.inventory = planned->inventory;
    input.tree = &head_.tree();
    const auto& cluster = head_.cluster();
    const bool may_empty = cluster.allow_empty || head_.devices()[head].retired;
    if (const auto problem = plan::empty_render(input); problem && !may_empty) {
      planned->refusal = to_string(*problem);
      return planned;
    }
    planned->plan = plan::plan(std::move(input), plan::Places(planned->inventory));
    for (const auto& problem : planned->plan.problems.list()) {
      if (problem.severity == Severity::error && planned->refusal.empty())
        planned->refusal = to_string(problem);
    }
    for (auto& step : planned->plan.steps) {
      step.gives_back = step.verb == plan::Verb::remove && planned->giving_back.contains(step.id);
    }
    return planned;
  }

 private:
  /// The kind of an object and what it claims; nothing where that is nothing.
  static std::optional<std::pair<std::string, std::vector<std::string>>> place_of(Outlines& outlines,
                                                                                  std::uint32_t variant) {
    const auto& desired = outlines.of(variant).desired;
    if (!desired || desired->footprint.claims.empty()) return {};
    return std::pair(desired->manifest.id.kind, desired->footprint.claims);
  }

  static int compare_ids(const ObjectId* a, const ObjectId* b) {
    if (a == nullptr) return 1;
    if (b == nullptr) return -1;
    return *a < *b ? -1 : *b < *a ? 1 : 0;
  }

  std::uint32_t add_device(const Cluster& cluster, const Device& device) {
    const auto label = device.labels.find(impact_.by);
    impact_.devices.push_back({device.id, wave_name(cluster, device),
                               label != device.labels.end() ? label->second : std::string(),
                               device.in_inventory, device.position});
    return static_cast<std::uint32_t>(impact_.devices.size() - 1);
  }

  static std::string gap_of(const render::Fleet& fleet, std::size_t device, const char* when) {
    if (fleet.complete(device)) return {};
    const auto& combination = fleet.combinations()[fleet.combination_of(device)];
    std::vector<const Problems*> all{&combination.problems};
    for (const auto layer : combination.layers) all.push_back(&fleet.layers()[layer].problems);
    for (const auto* problems : all) {
      for (const auto& problem : problems->list()) {
        if (problem.severity == Severity::error) return fmt::format("{}: {}", when, to_string(problem));
      }
    }
    for (const auto& [concerned, problem] : fleet.device_problems()) {
      if (concerned == device) return fmt::format("{}: {}", when, to_string(problem));
    }
    return fmt::format("{}: a layer cannot be read", when);
  }

  bool same(const Differing& one, std::string& reason) {
    if (one.was != none && one.is != none && base_.variants()[one.was].key == head_.variants()[one.is].key) {
      return true;
    }
    const auto [at, is_new] = same_.try_emplace({one.was, one.is}, false);
    const auto* was = one.was != none ? &before_.of(one.was) : nullptr;
    const auto* is = one.is != none ? &after_.of(one.is) : nullptr;
    if (is != nullptr && !is->refusal.empty()) reason = "at the head: " + is->refusal;
    if (was != nullptr && !was->refusal.empty()) reason = "at the base: " + was->refusal;
    if (!is_new) return at->second;
    const bool had = was != nullptr && was->desired.has_value();
    const bool has = is != nullptr && is->desired.has_value();
    at->second = had == has && (!had || was->desired->manifest.digest == is->desired->manifest.digest);
    return at->second;
  }

  void compare_device(std::uint32_t number, std::optional<std::size_t> base, std::size_t head) {
    std::string reason;
    const auto list = differing(base, head, reason);
    if (!reason.empty()) return leave_unjudged(reason, number);
    if (list.empty()) return;
    // The steps depend on the changed objects, and on the other objects of the device.
    std::string key =
        fmt::format("{} {}", base ? base_.combination_of(*base) : none, head_.combination_of(head));
    for (const auto& one : list) {
      key += fmt::format(" {}-{}", one.was == none ? none : base_.variants()[one.was].chain,
                         one.is == none ? none : head_.variants()[one.is].chain);
    }
    const auto [at, is_new] = group_of_.try_emplace(std::move(key), impact_.groups.size());
    if (is_new) impact_.groups.push_back(group(base, head, list));
    auto& its = impact_.groups[at->second];
    if (!its.refusal.empty()) return leave_unjudged("at the head: " + its.refusal, number);
    its.devices.push_back(number);
  }

  void leave_unjudged(const std::string& reason, std::uint32_t device) {
    auto found = std::ranges::find(impact_.unjudged, reason, &Unjudged::reason);
    if (found == impact_.unjudged.end()) found = impact_.unjudged.insert(found, {reason, {}});
    found->devices.push_back(device);
  }

  Group group(std::optional<std::size_t> base, std::size_t head, const std::vector<Differing>& list) {
    Group group;
    auto effects = effects_of(list);
    const auto planned = plan_for(base, head, effects);
    group.refusal = planned->refusal;
    for (const auto& step : planned->plan.steps) effects.add_step(step, group);
    if (base) group.effect.bytes += transfer_size_.bytes(*base, head);
    return group;
  }

  /// Groups with the same changes are shown as one, with the highest number of bytes.
  void join_groups() {
    std::map<std::vector<std::tuple<std::string, std::string, std::string>>, std::size_t> known;
    std::vector<Group> joined;
    for (auto& group : impact_.groups) {
      if (group.devices.empty()) continue;
      std::vector<std::tuple<std::string, std::string, std::string>> key;
      for (const auto& change : group.changes) key.emplace_back(change.verb, change.object, change.because);
      key.emplace_back(fmt::format("{} {} {} {}", group.effect.files, group.effect.restarts,
                                   group.effect.pods, group.effect.pruned),
                       "", "");
      const auto [at, is_new] = known.try_emplace(std::move(key), joined.size());
      if (is_new) {
        joined.push_back(std::move(group));
        continue;
      }
      auto& into = joined[at->second];
      into.devices.insert(into.devices.end(), group.devices.begin(), group.devices.end());
      into.effect.bytes = std::max(into.effect.bytes, group.effect.bytes);
    }
    for (auto& group : joined) std::ranges::sort(group.devices);
    std::ranges::stable_sort(joined, [](const Group& a, const Group& b) {
      return std::tuple(-static_cast<std::int64_t>(a.devices.size()), a.devices.front()) <
             std::tuple(-static_cast<std::int64_t>(b.devices.size()), b.devices.front());
    });
    impact_.groups = std::move(joined);
  }

  const render::Fleet& base_;
  const render::Fleet& head_;
  Outlines before_;
  Outlines after_;
  TransferSize transfer_size_;
  Impact impact_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, bool> same_;
  std::unordered_map<std::string, std::size_t> group_of_;
};

}  // namespace

Impact impact(const render::Fleet& base, const render::Fleet& head, const drivers::Kinds& kinds,
              const std::string& by) {
  return Comparison(base, head, kinds).compare(by);
}

std::vector<ObjectDiff> device_diff(const render::Fleet& base, const render::Fleet& head,
                                    const drivers::Kinds& kinds, const std::string& device) {
  const auto is = head.device(device);
  const auto was = base.device(device);
  std::vector<ObjectDiff> diffs;
  if (!is) return diffs;
  Comparison comparison(base, head, kinds);
  std::string reason;
  const auto list = comparison.differing(was, *is, reason);
  if (!reason.empty()) throw Error(Fault::invalid, fmt::format("{} cannot be judged, {}", device, reason));
  const auto planned = comparison.plan_for(was, *is, comparison.effects_of(list));
  if (!planned->refusal.empty()) {
    throw Error(Fault::invalid,
                fmt::format("{} cannot be judged, at the head: {}", device, planned->refusal));
  }
  for (const auto& step : planned->plan.steps) {
    std::string diff;
    for (const auto& one : list) {
      const auto* old_variant = one.was == none ? nullptr : &base.variants()[one.was];
      const auto* new_variant = one.is == none ? nullptr : &head.variants()[one.is];
      const auto& id = new_variant != nullptr ? head.id(*new_variant) : base.id(*old_variant);
      if (id == step.id) diff = manifest_diff(base, old_variant, head, new_variant);
    }
    diffs.push_back({step_verb(step), to_string(step.id), std::move(diff)});
  }
  return diffs;
}

std::size_t Impact::changed() const {
  std::size_t count = 0;
  for (const auto& group : groups) count += group.devices.size();
  return count;
}

Effect& Effect::operator+=(const Effect& other) {
  files += other.files;
  restarts += other.restarts;
  pods += other.pods;
  pruned += other.pruned;
  bytes += other.bytes;
  return *this;
}

std::map<std::pair<std::string, std::string>, std::pair<std::size_t, Effect>> table_of(const Impact& impact) {
  std::map<std::pair<std::string, std::string>, std::pair<std::size_t, Effect>> table;
  for (const auto& group : impact.groups) {
    for (const auto number : group.devices) {
      const auto& device = impact.devices[number];
      auto& row = table[{device.wave, device.district}];
      ++row.first;
      row.second += group.effect;
    }
  }
  return table;
}

std::string some_of(const Impact& impact, const std::vector<std::uint32_t>& devices) {
  return listed(devices, 3, [&](auto device) { return printable(impact.devices[device].id); });
}

}  // namespace greenwave::cli
