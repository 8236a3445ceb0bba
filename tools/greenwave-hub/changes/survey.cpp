#include "changes/survey.h"

#include <algorithm>

#include "impact/impact.h"
#include "render/fleet.h"

namespace greenwave::hub {

namespace {

std::vector<std::string> names_of(const city::Impact& impact, const std::vector<std::uint32_t>& devices) {
  std::vector<std::string> names;
  for (const auto number : devices) {
    if (names.size() == most_named) break;
    names.push_back(impact.devices[number].id);
  }
  return names;
}

template <typename Item>
std::vector<Item> first_of(const std::vector<Item>& list) {
  return {list.begin(), list.begin() + static_cast<std::ptrdiff_t>(std::min(list.size(), most_steps))};
}

ChangeGroup group_of(const city::Impact& impact, const city::Group& group) {
  ChangeGroup shown{.devices = group.devices.size(),
                    .some = names_of(impact, group.devices),
                    .steps_total = group.changes.size(),
                    .steps = {},
                    .files = group.effect.files,
                    .restarts = group.effect.restarts,
                    .pods = group.effect.pods,
                    .pruned = group.effect.pruned,
                    .bytes = group.effect.bytes,
                    .refused = first_of(group.refused),
                    .problems = first_of(group.problems),
                    .takes_back = group.takes_back,
                    .sample_device = {},
                    .sample = {}};
  for (const auto& change : group.changes) {
    if (shown.steps.size() == most_steps) break;
    shown.steps.push_back({change.verb, change.object, change.because, change.caution, change.disruptive,
                           change.gives_back, change.uncertain});
  }
  return shown;
}

/// The beginning, in whole lines.
std::string beginning(const std::string& diff) {
  if (diff.size() <= most_diff) return diff;
  const auto end = diff.rfind('\n', most_diff - 1);
  return diff.substr(0, end == std::string::npos ? most_diff : end + 1);
}

void add_sample(const city::DeviceDiff& found, const std::string& device, ChangeGroup& group) {
  group.sample_device = device;
  for (const auto& one : found.changes) {
    if (group.sample.size() == most_steps) break;
    if (one.diff.empty()) continue;
    auto diff = beginning(one.diff);
    const bool is_cut = diff.size() < one.diff.size();
    group.sample.push_back({one.verb, one.object, std::move(diff), is_cut});
  }
}

}  // namespace

Changes survey(const SourceTree& base_tree, const SourceTree& head_tree, const kinds::Rules& rules) {
  const render::Fleet base(base_tree);
  const render::Fleet head(head_tree);
  const city::RuntimeKinds kinds(rules);
  const auto impact = city::impact(base, head, kinds, "district");
  Changes changes{.devices = impact.devices.size() - impact.gone.size(),
                  .changed = impact.changed(),
                  .refusing = impact.refusing(),
                  .taking_back = impact.taking_back(),
                  .added = impact.added.size(),
                  .gone = impact.gone.size(),
                  .retired = impact.retired.size(),
                  .groups_total = impact.groups.size(),
                  .groups = {},
                  .gaps = {}};
  for (const auto& group : impact.groups) {
    if (changes.groups.size() == most_groups) break;
    auto shown = group_of(impact, group);
    if (changes.groups.size() < most_samples) {
      const auto& device = shown.some.front();
      add_sample(city::device_diff(base, head, kinds, device), device, shown);
    }
    changes.groups.push_back(std::move(shown));
  }
  for (const auto& gap : impact.unjudged) {
    if (changes.gaps.size() == most_groups) break;
    changes.gaps.push_back({gap.reason, gap.devices.size(), names_of(impact, gap.devices)});
  }
  return changes;
}

Changes survey_device(const SourceTree& base_tree, const SourceTree& head_tree, const kinds::Rules& rules,
                      const Labels& labels, const std::string& device) {
  const render::Fleet base(base_tree, labels);
  const render::Fleet head(head_tree, labels);
  if (!head.device(device)) throw not_listed();
  const auto found = city::device_diff(base, head, city::RuntimeKinds(rules), device);
  ChangeGroup group{.devices = 1, .some = {device}, .steps_total = found.changes.size(), .steps = {}};
  for (const auto& change : found.changes) {
    if (group.steps.size() == most_steps) break;
    group.steps.push_back({.verb = change.verb, .object = change.object});
  }
  group.problems = first_of(found.problems);
  add_sample(found, device, group);
  return {.devices = 1, .changed = found.changes.empty() ? 0U : 1U, .groups_total = 1, .groups = {group}};
}

}  // namespace greenwave::hub
