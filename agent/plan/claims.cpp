#include "plan/claims.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/contains.h"

namespace greenwave::plan {

Claims::Claims(const Objects& objects, const Places& places, const Contents& contents)
    : objects_(objects), places_(places), contents_(contents) {
  owners_.reserve(objects.declared());
  for (std::size_t i = 0; i < objects.declared(); ++i) {
    for (const auto& claim : objects.desired(i).footprint.claims) {
      const auto [owner, is_new] = owners_.emplace(claim, i);
      if (!is_new && owner->second != i) duplicates_.push_back({claim, owner->second, i});
    }
  }
  for (auto i = objects.declared(); i < objects.size(); ++i) find_successor(i);
  for (std::size_t i = 0; i < objects.size() && !anything_given_up_; ++i) {
    anything_given_up_ = may_give_up(i);
  }
}

std::optional<std::size_t> Claims::owner(std::string_view claim) const {
  const auto found = owners_.find(claim);
  if (found == owners_.end()) return {};
  return found->second;
}

bool Claims::wants(std::size_t number, std::string_view claim) const {
  if (!objects_.is_declared(number)) return false;
  const auto& desired = objects_.desired(number);
  return contains(desired.footprint.claims, claim) || contents_.at(desired, claim) == Contents::At::file;
}

bool Claims::has(std::size_t number, std::string_view claim) const {
  const auto* entry = objects_.entry(number);
  return entry != nullptr && contains(entry->claims, claim);
}

/// Whether the object has something there that cannot contain other objects.
bool Claims::has_file(std::size_t number, std::string_view claim) const {
  return !is_directory(objects_.id(number)) || !has(number, claim);
}

/// Whether it is only in the inventory and will be removed.
bool Claims::is_going(std::size_t number) const {
  if (objects_.is_declared(number) || objects_.refused()[number] || !objects_.may_prune()) return false;
  return !objects_.entry(number)->keep || is_taken_over(number);
}

/// Whether it has anything on the device that it may no longer want. Most commits move nothing, and then no
/// place need be looked at.
bool Claims::may_give_up(std::size_t number) const {
  const auto* entry = objects_.entry(number);
  if (entry == nullptr) return false;
  if (!objects_.is_declared(number)) return true;
  const auto& claims = objects_.desired(number).footprint.claims;
  const auto is_wanted = [&](const std::string& claim) { return contains(claims, claim); };
  if (!std::ranges::all_of(entry->claims, is_wanted)) return true;
  const bool is_settled = !entry->intended && entry->error.empty() && !objects_.is_changed(number);
  return is_directory(entry->id) && !is_settled;
}

std::vector<std::size_t> Claims::holders(std::string_view claim, std::size_t than) const {
  std::vector<std::size_t> numbers;
  for (const auto* id : places_.at(claim)) {
    if (const auto number = objects_.number_of(*id); number && *number != than) numbers.push_back(*number);
  }
  return numbers;
}

void Claims::find_successor(std::size_t number) {
  const auto& claims = objects_.entry(number)->claims;
  if (claims.empty() || objects_.refused()[number] || !objects_.may_prune()) return;
  const auto successor = owner(claims.front());
  if (!successor || objects_.id(*successor).kind != objects_.id(number).kind) return;
  const auto is_its = [&](const std::string& claim) { return owner(claim) == successor; };
  if (std::ranges::all_of(claims, is_its)) successors_.emplace(number, *successor);
}

void Claims::refuse_conflicts(Objects& objects, Problems& problems) const {
  for (const auto& [claim, first, second] : duplicates_) {
    const auto& earlier = objects.desired(first).manifest;
    const auto& later = objects.desired(second).manifest;
    problems.error(later.place(),
                   fmt::format("{} and {} ({}) both claim {}", to_string(later.id), to_string(earlier.id),
                               to_string(earlier.place()), claim_in_words(claim)),
                   "remove one of the two; until then neither is applied");
    objects.refuse(first);
    objects.refuse(second);
  }
  for (std::size_t i = 0; i < objects.declared(); ++i) {
    if (!objects.refused()[i]) refuse_own_place(i, objects, problems);
  }
  for (auto i = objects.declared(); i < objects.size(); ++i) {
    const bool may_go = is_taken_over(i) || (objects.may_prune() && !objects.entry(i)->keep);
    if (!may_go) objects.refuse(i);
  }
}

void Claims::refuse_own_place(std::size_t number, Objects& objects, Problems& problems) const {
  const auto& [manifest, footprint] = objects.desired(number);
  if (objects.entry(number) == nullptr || is_directory(manifest.id)) return;
  for (const auto& claim : footprint.after) {
    if (!has(number, claim)) continue;
    problems.error(manifest.place(),
                   fmt::format("{} moves below {}, where its own file still is", to_string(manifest.id),
                               claim_in_words(claim)),
                   "give it a new name, so that the old one is pruned first; or move it to another place "
                   "first, in a separate commit");
    objects.refuse(number);
    return;
  }
}

void Claims::add_waits(Waits& waits) const {
  for (std::size_t i = 0; i < objects_.declared(); ++i) {
    for (const auto& claim : objects_.desired(i).footprint.after) {
      const auto before = owner(claim);
      if (before && *before != i) waits.add({*before, i});
    }
    if (!anything_given_up_) continue;
    wait_for_places(i, waits);
    wait_for_the_way(i, waits);
    wait_for_those_inside(i, waits);
  }
}

void Claims::add_waits_to_leave(Waits& waits) const {
  if (!anything_given_up_) return;
  for (std::size_t i = 0; i < objects_.size(); ++i) {
    if (objects_.entry(i) != nullptr) wait_for_others_in_place(i, waits);
    if (!objects_.is_declared(i)) wait_to_be_emptied(i, waits);
  }
}

void Claims::wait_for_places(std::size_t number, Waits& waits) const {
  for (const auto& claim : objects_.desired(number).footprint.claims) {
    for (const auto holder : holders(claim, number)) {
      if (!wants(holder, claim)) wait_for(holder, number, claim, waits);
    }
    if (has(number, claim) || is_directory(objects_.id(number)) || !claim.starts_with(path_claim)) continue;
    for (const auto& [inner, by] : places_.others_below(claim, objects_.id(number))) {
      const auto holder = objects_.number_of(*by);
      if (holder && !wants(*holder, inner)) waits.add({*holder, number, Why::inside, inner});
    }
  }
}

void Claims::wait_for(std::size_t holder, std::size_t number, std::string_view claim, Waits& waits) const {
  const bool leaves = !objects_.is_declared(holder);
  // An apply that only began may not have taken anything from the other one.
  const bool is_its_own = has(number, claim) && !objects_.entry(number)->intended;
  const bool is_part = !has(holder, claim);
  if (is_going(holder) && (is_part || is_taken_over(holder) || is_its_own)) {
    waits.add({number, holder, Why::successor, claim});
  } else if (is_its_own) {
    waits.add({holder, number});
  } else {
    waits.add({holder, number, Why::place, claim});
    if (leaves) waits.remain(holder, number);
  }
}

/// An object that needs a directory where a file or a unit of ours is.
void Claims::wait_for_the_way(std::size_t number, Waits& waits) const {
  for (const auto& claim : objects_.desired(number).footprint.after) {
    for (const auto holder : holders(claim, number)) {
      const bool makes_way = has_file(holder, claim) && !wants(holder, claim) && !is_taken_over(holder);
      if (makes_way) waits.add({holder, number, Why::below, claim});
    }
  }
}

/// A Directory waits for others that have something where its source has a file, or where it purges.
void Claims::wait_for_those_inside(std::size_t number, Waits& waits) const {
  const auto& desired = objects_.desired(number);
  if (!contents_.has_source(desired) && desired.footprint.purges.empty()) return;
  const auto& top = desired.footprint.claims.front();
  std::map<std::size_t, std::vector<std::string_view>> others;
  for (const auto& [claim, by] : places_.others_below(top, objects_.id(number))) {
    const auto holder = objects_.number_of(*by);
    if (holder && !wants(*holder, claim)) others[*holder].push_back(claim);
  }
  for (const auto& [holder, places] : others) {
    const auto is_in_the_way = [&, holder = holder](std::string_view claim) {
      const auto at = contents_.at(desired, claim);
      return at != Contents::At::nothing && (at != Contents::At::directory || has_file(holder, claim));
    };
    const auto first = std::ranges::find_if(places, is_in_the_way);
    if (first != places.end() && may_succeed(number, holder, places)) {
      waits.add({number, holder, Why::successor, *first});
    } else if (first != places.end()) {
      waits.add({holder, number, Why::place, *first});
      if (!objects_.is_declared(holder)) waits.remain(holder, number);
    } else if (!desired.footprint.purges.empty()) {
      waits.add({holder, number, Why::purge, places.front()});
    }
  }
}

/// Whether a Directory may write its files over the holder's before that one is removed.
bool Claims::may_succeed(std::size_t number, std::size_t holder,
                         const std::vector<std::string_view>& places) const {
  const auto& id = objects_.id(holder);
  if (!is_going(holder) || (!is_directory(id) && id.kind != "File")) return false;
  const auto& desired = objects_.desired(number);
  return std::ranges::all_of(places, [&](std::string_view claim) {
    const auto at = contents_.at(desired, claim);
    if (at == Contents::At::nothing) return desired.footprint.purges.empty();
    return at == (has_file(holder, claim) ? Contents::At::file : Contents::At::directory);
  });
}

/// Another object may have begun to take the place and not got far: it gives the place up first, so that it
/// has one owner.
void Claims::wait_for_others_in_place(std::size_t number, Waits& waits) const {
  const auto has_begun = [&](std::size_t holder) {
    const bool other = objects_.entry(holder)->intended;
    const bool own = objects_.entry(number)->intended;
    if (other != own) return other;
    if (objects_.is_declared(holder) != objects_.is_declared(number)) return objects_.is_declared(holder);
    return holder < number;
  };
  for (const auto& claim : objects_.entry(number)->claims) {
    if (wants(number, claim)) continue;
    for (const auto holder : holders(claim, number)) {
      const bool first = has(holder, claim) && !wants(holder, claim) && has_begun(holder);
      if (first && !waits.reaches(number, holder)) waits.add({holder, number, Why::successor});
    }
  }
}

/// A removal that makes way for another object comes right before it, after everything that could still delay
/// that one; and a directory is removed after its content.
void Claims::wait_to_be_emptied(std::size_t number, Waits& waits) const {
  const auto makes_way_for = [&](const Precedence* wait) { return wait->why == Why::place; };
  const auto& out = waits.from(number);
  if (out.empty()) return;
  std::set<std::size_t> first;
  for (const auto* wait : out) {
    if (!makes_way_for(wait)) continue;
    for (const auto* other : waits.into(wait->after)) {
      if (other->why && other->before != number) first.insert(other->before);
    }
  }
  for (const auto before : first) {
    if (!waits.reaches(number, before)) waits.add({before, number, Why::successor});
  }
  std::set<std::size_t> inside;
  for (const auto& claim : objects_.entry(number)->claims) {
    for (const auto& [inner, by] : places_.others_below(claim, objects_.id(number))) {
      const auto holder = objects_.number_of(*by);
      if (holder && !inside.contains(*holder) && !wants(*holder, inner)) inside.insert(*holder);
    }
  }
  for (const auto holder : inside) {
    if (!waits.reaches(number, holder)) waits.add({holder, number});
  }
}

std::vector<ObjectId> replacing(const Input& input, const Places& places) {
  const Objects objects(input);
  const Contents contents(input.tree);
  const Claims claims(objects, places, contents);
  std::vector<ObjectId> found;
  if (!claims.is_anything_given_up()) return found;
  Waits waits(objects.size());
  claims.add_waits(waits);
  for (std::size_t i = 0; i < objects.declared(); ++i) {
    const auto gives_up_its_place = [&](const Precedence* wait) {
      if (!wait->claim.starts_with(path_claim) && !wait->claim.starts_with("unit:")) return false;
      if (wait->why == Why::below) return true;
      const bool is_place = wait->why == Why::place || wait->why == Why::inside;
      // A Directory that takes over only files in it is compared name by name.
      return is_place &&
             (!is_directory(objects.id(i)) || contains(objects.desired(i).footprint.claims, wait->claim));
    };
    if (std::ranges::any_of(waits.into(i), gives_up_its_place)) found.push_back(objects.id(i));
  }
  return found;
}

}  // namespace greenwave::plan
