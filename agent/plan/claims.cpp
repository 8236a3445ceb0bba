#include "plan/claims.h"

#include <algorithm>

#include <fmt/format.h>

namespace greenwave::plan {

namespace {

/// "path:/etc/motd" for people: "path /etc/motd".
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
    has_purges_ = has_purges_ || !objects.desired(i).footprint.purges.empty();
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
  find_blocked(objects);
}

void Claims::find_blocked(const Objects& objects) {
  struct Place {
    const Entry* entry;
    std::optional<std::size_t> mover;
  };
  std::unordered_map<std::string_view, Place>
      vacated;  // what will be free once others are removed or have moved
  const auto vacate = [&](const Entry* entry, std::optional<std::size_t> mover) {
    if (entry->id.kind == "Directory") return;
    for (const auto& claim : entry->claims) {
      if (!owner(claim)) vacated.emplace(claim, Place{entry, mover});
    }
  };
  for (const auto* entry : objects.leaving()) vacate(entry, {});
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const auto* entry = objects.entry(i);
    if (entry != nullptr && entry->claims != objects.desired(i).footprint.claims) vacate(entry, i);
  }
  for (std::size_t i = 0; !vacated.empty() && i < objects.size(); ++i) {
    for (const auto& claim : objects.desired(i).footprint.after) {
      const auto found = vacated.find(claim);
      if (found == vacated.end()) continue;
      blocked_.push_back({i, found->second.entry, found->first, found->second.mover});
    }
  }
}

void Claims::refuse_blocked(Objects& objects, bool may_prune, Problems& problems) const {
  for (const auto& blocked : blocked_) {
    if (objects.refused()[blocked.number]) continue;
    const auto& manifest = objects.desired(blocked.number).manifest;
    const auto name = to_string(manifest.id);
    if (blocked.mover == blocked.number) {
      problems.error(
          manifest.place(),
          fmt::format("{} moves below {}, where its own file still is", name, in_words(blocked.claim)),
          "give it a new name, so that the old one is pruned first; or move it to another place "
          "first, in a separate commit");
      objects.refuse(blocked.number);
    } else if (!blocked.mover && (!may_prune || blocked.by->keep)) {
      problems.error(manifest.place(),
                     fmt::format("{} lies below {}, where {} still is, which may not be removed", name,
                                 in_words(blocked.claim), to_string(blocked.by->id)),
                     blocked.by->keep ? "choose another path, or remove that one on the device by hand"
                                      : "fix what keeps this sync from pruning");
      objects.refuse(blocked.number);
    }
  }
}

bool Claims::makes_place(const Objects& objects, std::size_t number, std::size_t next) const {
  const auto* entry = objects.entry(number);
  if (entry == nullptr || number == next || entry->claims == objects.desired(number).footprint.claims)
    return false;
  return std::any_of(entry->claims.begin(), entry->claims.end(),
                     [&](const std::string& claim) { return owner(claim) == next; });
}

std::optional<std::size_t> Claims::owner(std::string_view claim) const {
  const auto found = owners_.find(claim);
  if (found == owners_.end()) return {};
  return found->second;
}

std::optional<std::size_t> Claims::purger(std::string_view claim, const Objects& objects) const {
  if (!has_purges_) return {};
  for (auto slash = claim.rfind('/'); slash != std::string_view::npos && slash > 0;
       slash = claim.rfind('/')) {
    claim = claim.substr(0, slash);
    const auto above = owner(claim);
    if (!above) continue;
    const auto& purges = objects.desired(*above).footprint.purges;
    if (std::find(purges.begin(), purges.end(), claim) != purges.end()) return above;
  }
  return {};
}

void Claims::refuse_purges(Objects& objects, Problems& problems) const {
  for (std::size_t i = 0; has_purges_ && i < objects.size(); ++i) {
    for (const auto& claim : objects.desired(i).footprint.claims) {
      const auto by = purger(claim, objects);
      if (!by) continue;
      const auto& inner = objects.desired(i).manifest;
      const auto& outer = objects.desired(*by).manifest;
      problems.error(
          inner.place(),
          fmt::format("{} claims {}, and {} ({}) removes what is not in its own source there",
                      to_string(inner.id), in_words(claim), to_string(outer.id), to_string(outer.place())),
          "put it into the source, choose a path outside, or remove purge; until then neither is "
          "applied");
      objects.refuse(i);
      objects.refuse(*by);
    }
  }
}

void Claims::refuse_purge_of(const Entry& entry, std::string_view why, Objects& objects,
                             Problems& problems) const {
  for (const auto& claim : entry.claims) {
    const auto by = purger(claim, objects);
    if (!by || objects.refused()[*by]) continue;
    problems.error(objects.desired(*by).manifest.place(),
                   fmt::format("{} would remove {}, which {} {}", to_string(objects.id(*by)), in_words(claim),
                               to_string(entry.id), why),
                   "remove purge, or remove the object first");
    objects.refuse(*by);
  }
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
  refuse_blocked(objects, may_prune, problems);
  refuse_purges(objects, problems);
  for (const auto* entry : objects.stuck()) refuse_purge_of(*entry, "still has", objects, problems);
  for (const auto* entry : objects.leaving()) {
    if (entry->keep) refuse_purge_of(*entry, "leaves there", objects, problems);
  }
  for (const auto* entry : objects.stuck()) {
    for (const auto& claim : entry->claims) {
      const auto by = owner(claim);
      if (!by || objects.refused()[*by] || objects.id(*by) == entry->id) continue;
      problems.error(objects.desired(*by).manifest.place(),
                     fmt::format("{} claims {}, which {} still has", to_string(objects.id(*by)),
                                 in_words(claim), to_string(entry->id)),
                     fmt::format("fix why {} was refused, or remove its manifest", to_string(entry->id)));
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
              : "fix what keeps this sync from pruning");
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
  for (const auto& blocked : blocked_) {
    if (blocked.mover && *blocked.mover != blocked.number) graph.add(*blocked.mover, blocked.number);
  }
}

}  // namespace greenwave::plan
