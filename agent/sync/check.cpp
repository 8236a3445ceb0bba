#include "sync/check.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/listed.h"
#include "kinds/table.h"
#include "model/annotations.h"
#include "sync/entries.h"
#include "sync/unserved.h"

namespace greenwave::sync {

namespace {

/// The time that a manifest of any kind gives its object to become healthy.
void read_patience(const Manifest& manifest, plan::Footprint& footprint) {
  const auto text = manifest.annotation(annotations::healthy_within);
  if (text.empty() || !footprint.watch) return;
  footprint.watch->within = parse_duration(text);
  footprint.watch->declared = true;
}

/// Whether the inventory alone already says that the object is as it should be.
bool settled(const plan::Desired& desired, const Entry* entry, const Observed& observed) {
  return entry != nullptr && !entry->intended && entry->error.empty() &&
         entry->digest == desired.manifest.digest && entry->claims == desired.footprint.claims &&
         !observed.drifted.contains(entry->id);
}

constexpr std::size_t most_errors = 3;

void refuse(Checked& checked, const Manifest& manifest, const Problems& problems, bool left_out = false) {
  std::vector<std::string> errors;
  for (const auto& problem : problems.list()) {
    if (problem.severity == Severity::error) errors.push_back(to_string(problem));
  }
  checked.refused.push_back(manifest.id);
  checked.refusals.push_back({.id = manifest.id,
                              .why = listed(errors, most_errors),
                              .digest = manifest.digest,
                              .left_out = left_out});
  checked.problems.append(problems);
}

/// An outage is reported once, not for each object behind it.
void refuse_unseen(const std::vector<drivers::Candidate>& candidates, const std::string& why,
                   Compared& compared) {
  auto name = to_string(candidates.front().desired->manifest.id);
  if (candidates.size() > 1) name += fmt::format(" and {} more", candidates.size() - 1);
  compared.failed.push_back({std::move(name), why, Fault::transient});
  for (const auto& candidate : candidates) compared.refused.push_back(candidate.desired->manifest.id);
}

void compare_each(drivers::Comparison& comparison, const std::vector<drivers::Candidate>& candidates,
                  const std::set<ObjectId>& replacing, Compared& compared) {
  for (const auto& candidate : candidates) {
    const auto& id = candidate.desired->manifest.id;
    try {
      compared.differences.emplace(
          id, replacing.contains(id) ? comparison.succession(candidate) : comparison.difference(candidate));
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
      compared.failed.push_back(
          {.object = to_string(id), .reason = error.what(), .fault = error.fault(), .refused = true});
      compared.refused.push_back(id);
    }
  }
}

/// If the device lacks something for an object, only another object's step can provide it.
void refuse_lacking(Compared& compared) {
  const auto makes_something = [](const auto& one) {
    return one.second.missing.empty() && one.second.kind != plan::Difference::Kind::none;
  };
  if (std::ranges::any_of(compared.differences, makes_something)) return;
  std::erase_if(compared.differences, [&](const auto& one) {
    const auto& [id, difference] = one;
    if (difference.missing.empty()) return false;
    compared.failed.push_back({.object = to_string(id), .reason = difference.missing, .refused = true});
    compared.refused.push_back(id);
    return true;
  });
}

}  // namespace

Checked check(std::vector<Manifest> manifests, std::span<const drivers::Kinds* const> kinds) {
  Checked checked;
  checked.desired.reserve(manifests.size());
  for (auto& manifest : manifests) {
    const auto serves = [&](const auto* some) { return some->serves(manifest.id); };
    const auto found = std::ranges::find_if(kinds, serves);
    Problems problems;
    if (found == kinds.end() || kinds::is_served_nowhere(manifest.id)) {
      report_unserved(manifest, problems);
      refuse(checked, manifest, problems, !kinds::is_served_nowhere(manifest.id));
      continue;
    }
    auto footprint = (*found)->footprint(manifest, problems);
    read_patience(manifest, footprint);
    if (problems.has_errors()) {
      refuse(checked, manifest, problems);
    } else {
      checked.problems.append(problems);
      checked.desired.push_back({std::move(manifest), std::move(footprint)});
    }
  }
  refuse_hopeless(checked);
  return checked;
}

void refuse_hopeless(Checked& checked) {
  std::set<std::string> down;
  for (const auto& object : checked.desired) {
    if (!object.footprint.keeps_down.empty()) down.insert(object.footprint.keeps_down);
  }
  std::erase_if(checked.desired, [&](const plan::Desired& object) {
    const auto& expected = object.footprint.expects_up;
    if (!expected || !down.contains(expected->unit)) return false;
    Problems hopeless;
    hopeless.error(expected->place,
                   fmt::format("this can never pass: {} is declared with running: false", expected->unit),
                   "check another unit, or let this one run");
    refuse(checked, object.manifest, hopeless);
    return true;
  });
}

Checked check(std::vector<Manifest> manifests, const Drivers& drivers) {
  std::vector<const drivers::Kinds*> kinds;
  for (const auto& served : drivers) kinds.push_back(served.kinds);
  return check(std::move(manifests), kinds);
}

Compared compare(const drivers::Render& given, std::span<const Entry> inventory, const Observed& observed,
                 bool force) {
  Compared compared;
  compared.places = std::make_unique<plan::Places>(inventory);
  const drivers::Render render{given.desired, given.tree, compared.places.get(), inventory};
  plan::Input planned;
  planned.desired = render.desired;
  planned.inventory = inventory;
  planned.tree = &render.tree;
  const auto replacing = plan::replacing(planned, *compared.places);
  const std::set<ObjectId> successors(replacing.begin(), replacing.end());
  std::map<const Look*, std::vector<drivers::Candidate>> candidates;
  for (const auto& object : render.desired) {
    const auto& id = object.manifest.id;
    const auto* entry = entry_of(inventory, id);
    if (!force && !successors.contains(id) && settled(object, entry, observed)) continue;
    candidates[serving(observed.looks, id)].push_back({&object, entry});
  }
  for (const auto& look : observed.looks) {
    const auto& own = candidates[&look];
    compared.parts.push_back({look.kinds, look.session->compare(render, own)});
    if (own.empty()) continue;
    if (const auto why = look.session->unreachable()) {
      refuse_unseen(own, *why, compared);
    } else {
      compare_each(*compared.parts.back().comparison, own, successors, compared);
    }
  }
  refuse_lacking(compared);
  return compared;
}

}  // namespace greenwave::sync
