#include "plan/claims.h"

#include <algorithm>

#include <fmt/format.h>

namespace greenwave::plan {

namespace {

/// "path:/etc/motd" as people say it: "path /etc/motd".
std::string in_words(std::string_view claim) {
  std::string words(claim);
  if (const auto colon = words.find(':'); colon != std::string::npos) words[colon] = ' ';
  return words;
}

void note(std::vector<std::size_t>& numbers, std::size_t number) {
  if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) numbers.push_back(number);
}

}  // namespace

Claims::Claims(const Objects& objects) {
  owners_.reserve(objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    for (const auto& claim : objects.desired(i).footprint.claims) {
      const auto [owner, is_new] = owners_.emplace(claim, i);
      if (!is_new && owner->second != i) duplicates_.push_back({claim, owner->second, i});
    }
  }
  for (const auto* entry : objects.leaving()) {
    Taken taken{entry, {}, true};
    for (const auto& claim : entry->claims) {
      const auto by = owner(claim);
      if (by) note(taken.by, *by);
      if (!by || objects.id(*by).kind != entry->id.kind) taken.whole = false;
    }
    if (!taken.by.empty()) taken_.push_back(std::move(taken));
  }
}

std::optional<std::size_t> Claims::owner(std::string_view claim) const {
  const auto found = owners_.find(claim);
  if (found == owners_.end()) return {};
  return found->second;
}

void Claims::refuse_conflicts(Objects& objects, bool may_prune, Problems& problems) const {
  for (const auto& [claim, first, second] : duplicates_) {
    const auto& earlier = objects.desired(first).manifest;
    const auto& later = objects.desired(second).manifest;
    problems.error(later.place(),
                   fmt::format("{} and {} ({}) both claim {}", to_string(later.id), to_string(earlier.id),
                               to_string(earlier.place()), in_words(claim)),
                   "remove one of the two; until then neither is applied");
    objects.refuse(first);
    objects.refuse(second);
  }
  for (const auto* entry : objects.stuck()) {
    for (const auto& claim : entry->claims) {
      const auto by = owner(claim);
      if (!by || objects.refused()[*by] || objects.id(*by) == entry->id) continue;
      problems.error(
          objects.desired(*by).manifest.place(),
          fmt::format("{} claims {}, which {} still has", to_string(objects.id(*by)), in_words(claim),
                      to_string(entry->id)),
          fmt::format("mend what {} was refused for, or remove its manifest", to_string(entry->id)));
      objects.refuse(*by);
    }
  }
  for (const auto& taken : taken_) {
    if (taken.whole || (may_prune && !taken.entry->keep)) continue;
    for (const auto by : taken.by) {
      if (objects.refused()[by]) continue;
      problems.error(
          objects.desired(by).manifest.place(),
          fmt::format("{} takes the place of {}, which may not be removed", to_string(objects.id(by)),
                      to_string(taken.entry->id)),
          taken.entry->keep
              ? fmt::format("declare {} again without the annotation {}, or remove it on the device by hand",
                            to_string(taken.entry->id), annotations::prune)
              : "mend what keeps this sync from pruning");
      objects.refuse(by);
    }
  }
}

void Claims::order(const Objects& objects, Graph& graph) const {
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const auto& footprint = objects.desired(i).footprint;
    for (const auto& claim : footprint.after) {
      const auto before = owner(claim);
      if (before && *before != i) graph.add(*before, i);
    }
    const auto* entry = objects.entry(i);
    if (entry == nullptr || entry->claims == footprint.claims) continue;
    for (const auto& claim : entry->claims) {
      const auto next = owner(claim);
      if (next && *next != i) graph.add(i, *next);
    }
  }
}

}  // namespace greenwave::plan
