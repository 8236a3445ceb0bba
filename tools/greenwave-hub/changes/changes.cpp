#include "changes/changes.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace greenwave::hub {

namespace {

using nlohmann::json;

json to_json(const ChangeStep& step) {
  json shown{{"verb", step.verb},
             {"object", step.object},
             {"because", step.because},
             {"disruptive", step.disruptive}};
  if (!step.caution.empty()) shown["caution"] = step.caution;
  if (step.gives_back) shown["givesBack"] = true;
  if (step.uncertain) shown["uncertain"] = true;
  return shown;
}

json to_json(const ChangeGroup& group) {
  auto steps = json::array();
  for (const auto& step : group.steps) steps.push_back(to_json(step));
  json shown{{"devices", group.devices},
             {"some", group.some},
             {"changes", std::move(steps)},
             {"changesTotal", group.steps_total},
             {"effect",
              {{"files", group.files},
               {"restarts", group.restarts},
               {"pods", group.pods},
               {"pruned", group.pruned},
               {"bytes", group.bytes}}},
             {"refused", group.refused},
             {"problems", group.problems},
             {"takesBack", group.takes_back}};
  if (group.sample_device.empty()) return shown;
  auto diffs = json::array();
  for (const auto& one : group.sample) {
    diffs.push_back({{"verb", one.verb}, {"object", one.object}, {"diff", one.diff}});
    if (one.is_cut) diffs.back()["cut"] = true;
  }
  shown["sample"] = {{"device", group.sample_device}, {"diffs", std::move(diffs)}};
  return shown;
}

void keep(std::string& line) {
  line = in_one_line(line, most_line);
}

void keep(ChangeStep& step) {
  for (auto* text : {&step.verb, &step.object, &step.because, &step.caution}) keep(*text);
}

void keep(ChangeSample& sample) {
  keep(sample.verb);
  keep(sample.object);
  sample.is_cut = sample.is_cut || sample.diff.size() > most_diff;
  sample.diff = in_lines(sample.diff, most_diff);
}

void keep(ChangeGroup& group);
void keep(ChangeGap& gap);

template <typename Item>
void keep(std::vector<Item>& list, std::size_t most) {
  if (list.size() > most) list.erase(list.begin() + static_cast<std::ptrdiff_t>(most), list.end());
  for (auto& item : list) keep(item);
}

void keep(ChangeGroup& group) {
  keep(group.some, most_named);
  keep(group.steps, most_steps);
  keep(group.refused, most_steps);
  keep(group.problems, most_steps);
  keep(group.sample_device);
  keep(group.sample, most_steps);
}

void keep(ChangeGap& gap) {
  keep(gap.reason);
  keep(gap.some, most_named);
}

}  // namespace

Error not_listed() {
  return {Fault::invalid, "the inventory of this commit does not list the device",
          "a device without a Feature keeps what it has"};
}

std::string changes_json(const ComparedCommits& commits, const Changes& changes) {
  auto groups = json::array();
  for (const auto& group : changes.groups) groups.push_back(to_json(group));
  auto gaps = json::array();
  for (const auto& gap : changes.gaps) {
    gaps.push_back({{"reason", gap.reason}, {"devices", gap.devices}, {"some", gap.some}});
  }
  const json answer{{"state", "done"},
                    {"commit", commits.head},
                    {"base", {{"commit", commits.base}, {"subject", commits.base_subject}}},
                    {"devices", changes.devices},
                    {"changed", changes.changed},
                    {"refusing", changes.refusing},
                    {"takingBack", changes.taking_back},
                    {"added", changes.added},
                    {"gone", changes.gone},
                    {"retired", changes.retired},
                    {"groups", std::move(groups)},
                    {"groupsTotal", changes.groups_total},
                    {"unjudged", std::move(gaps)}};
  return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

void make_showable(Changes& changes) {
  keep(changes.groups, most_groups);
  keep(changes.gaps, most_groups);
}

}  // namespace greenwave::hub
