#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "base/error.h"
#include "base/listed.h"
#include "base/text.h"
#include "impact/effects.h"
#include "impact/forecast.h"
#include "impact/impact.h"

namespace greenwave::city {

namespace {

/// Why it is not known what a device has that is as the base says; empty: it is.
std::string gap_of(const render::Fleet& base, std::size_t device) {
  if (base.complete(device) && !base.feature_problems(device).has_errors()) return {};
  const auto errors = errors_of(base, device);
  return "at the base: " + (errors.empty() ? "a layer cannot be read" : errors.front());
}

class Comparison {
 public:
  Comparison(const render::Fleet& base, const render::Fleet& head, const RuntimeKinds& kinds)
      : base_(base), head_(head), forecaster_(base, head, kinds) {}

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

 private:
  std::uint32_t add_device(const Cluster& cluster, const Device& device) {
    const auto label = device.labels.find(impact_.by);
    impact_.devices.push_back({device.id, wave_name(cluster, device),
                               label != device.labels.end() ? label->second : std::string(),
                               device.in_inventory, device.position});
    return static_cast<std::uint32_t>(impact_.devices.size() - 1);
  }

  void compare_device(std::uint32_t number, std::optional<std::size_t> base, std::size_t head) {
    const auto move = forecaster_.move_of(base, head);
    const auto list = forecaster_.differing(move);
    const auto errors = forecaster_.new_errors(move);
    if (list.empty() && errors.empty()) return;
    if (base) {
      const auto reason = gap_of(base_, *base);
      if (!reason.empty()) return leave_unjudged(reason, number);
    }
    const auto [at, is_new] = group_of_.try_emplace(key_of(move, list, errors), impact_.groups.size());
    if (is_new) impact_.groups.push_back(group(move, list));
    impact_.groups[at->second].devices.push_back(number);
  }

  /// The steps depend on the changed objects, and on the other objects of the device.
  std::string key_of(const Move& move, const std::vector<Differing>& list,
                     const std::vector<std::string>& errors) const {
    std::string key =
        fmt::format("{} {} {} {}", move.base ? base_.combination_of(*move.base) : Differing::none,
                    head_.combination_of(move.head), move.old_runtime, move.runtime);
    for (const auto& one : list) {
      key += fmt::format(" {}-{}", one.was == Differing::none ? one.was : base_.variants()[one.was].chain,
                         one.is == Differing::none ? one.is : head_.variants()[one.is].chain);
    }
    for (const auto& error : errors) key += "\n" + error;
    return key;
  }

  void leave_unjudged(const std::string& reason, std::uint32_t device) {
    auto found = std::ranges::find(impact_.unjudged, reason, &Unjudged::reason);
    if (found == impact_.unjudged.end()) found = impact_.unjudged.insert(found, {reason, {}});
    found->devices.push_back(device);
  }

  Group group(const Move& move, const std::vector<Differing>& list) {
    Group group;
    auto effects = forecaster_.effects_of(move, list);
    const auto forecast = forecaster_.forecast(move, effects);
    for (const auto& step : forecast->plan.steps) {
      effects.add_step(step, forecast->uncertain.contains(step.id), group);
    }
    for (const auto& id : forecast->refused) group.refused.push_back(to_string(id));
    group.problems = forecast->problems;
    group.takes_back = forecast->takes_back;
    if (move.base) group.effect.bytes += forecaster_.transfer_size().bytes(*move.base, move.head);
    return group;
  }

  /// Groups with the same changes are shown as one, with the highest number of bytes.
  void join_groups() {
    std::map<std::vector<std::string>, std::size_t> known;
    std::vector<Group> joined;
    for (auto& group : impact_.groups) {
      const auto [at, is_new] = known.try_emplace(shown_of(group), joined.size());
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

  static std::vector<std::string> shown_of(const Group& group) {
    std::vector<std::string> shown;
    for (const auto& change : group.changes) {
      shown.insert(shown.end(), {change.verb, change.object, change.because, change.caution});
    }
    shown.insert(shown.end(), group.refused.begin(), group.refused.end());
    shown.insert(shown.end(), group.problems.begin(), group.problems.end());
    shown.push_back(fmt::format("{} {} {} {}", group.effect.files, group.effect.restarts, group.effect.pods,
                                group.effect.pruned));
    if (group.takes_back) shown.emplace_back("takes back");
    return shown;
  }

  const render::Fleet& base_;
  const render::Fleet& head_;
  Forecaster forecaster_;
  Impact impact_;
  std::unordered_map<std::string, std::size_t> group_of_;
};

}  // namespace

Impact impact(const render::Fleet& base, const render::Fleet& head, const RuntimeKinds& kinds,
              const std::string& by) {
  return Comparison(base, head, kinds).compare(by);
}

DeviceDiff device_diff(const render::Fleet& base, const render::Fleet& head, const RuntimeKinds& kinds,
                       const std::string& device) {
  const auto is = head.device(device);
  const auto was = base.device(device);
  DeviceDiff found;
  if (!is) return found;
  Forecaster forecaster(base, head, kinds);
  const auto move = forecaster.move_of(was, *is);
  const auto list = forecaster.differing(move);
  if (list.empty() && forecaster.new_errors(move).empty()) return found;
  if (const auto reason = was ? gap_of(base, *was) : std::string(); !reason.empty()) {
    throw Error(Fault::invalid, fmt::format("{} cannot be judged, {}", device, reason));
  }
  const auto forecast = forecaster.forecast(move, forecaster.effects_of(move, list));
  for (const auto& step : forecast->plan.steps) {
    std::string diff;
    for (const auto& one : list) {
      const auto* old_variant = one.was == Differing::none ? nullptr : &base.variants()[one.was];
      const auto* new_variant = one.is == Differing::none ? nullptr : &head.variants()[one.is];
      const auto& id = new_variant != nullptr ? head.id(*new_variant) : base.id(*old_variant);
      if (id == step.id) diff = manifest_diff(base, old_variant, head, new_variant);
    }
    found.changes.push_back(
        {step_verb(step, forecast->uncertain.contains(step.id)), to_string(step.id), std::move(diff)});
  }
  found.problems = forecast->problems;
  return found;
}

std::size_t Impact::changed() const {
  std::size_t count = 0;
  for (const auto& group : groups) count += group.changes.empty() ? 0 : group.devices.size();
  return count;
}

std::size_t Impact::refusing() const {
  std::size_t count = 0;
  for (const auto& group : groups) count += group.problems.empty() ? 0 : group.devices.size();
  return count;
}

std::size_t Impact::taking_back() const {
  std::size_t count = 0;
  for (const auto& group : groups) count += group.takes_back ? group.devices.size() : 0;
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
    if (group.changes.empty()) continue;
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

}  // namespace greenwave::city
