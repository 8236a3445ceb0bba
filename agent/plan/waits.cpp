#include "plan/waits.h"

#include <algorithm>

#include <fmt/format.h>

#include "plan/places.h"

namespace greenwave::plan {

namespace {

/// Whether an object that is only in the inventory stays on the device because it may not be removed.
bool may_not_go(std::size_t number, const Objects& objects) {
  return !objects.is_declared(number) && (objects.entry(number)->keep || !objects.may_prune());
}

bool is_about_places(const Precedence& wait) {
  return wait.why && *wait.why != Why::depends && *wait.why != Why::restarts && *wait.why != Why::successor;
}

}  // namespace

void Waits::add(const Precedence& wait) {
  const auto& added = waits_.emplace_back(wait);
  into_[wait.after].push_back(&added);
  from_[wait.before].push_back(&added);
}

bool Waits::reaches(std::size_t start, std::size_t to) const {
  std::vector<bool> seen(into_.size());
  std::vector<std::size_t> open{start};
  while (!open.empty()) {
    const auto number = open.back();
    open.pop_back();
    if (number == to) return true;
    if (seen[number]) continue;
    seen[number] = true;
    for (const auto* wait : from_[number]) open.push_back(wait->after);
  }
  return false;
}

Graph Waits::graph() const {
  Graph graph(into_.size());
  for (const auto& wait : waits_) graph.add(wait.before, wait.after);
  return graph;
}

void Waits::settle(Objects& objects, Problems& problems) {
  spread(objects, problems);
  refuse_circles(graph(), objects, problems);
  spread(objects, problems);
}

void Waits::spread(Objects& objects, Problems& problems) {
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (objects.refused()[i]) open.push_back(i);
  }
  for (std::size_t next = 0; next < open.size(); ++next) {
    const auto staying = open[next];
    const auto refuse = [&](std::size_t number) {
      objects.refuse(number);
      open.push_back(number);
    };
    for (const auto old : remains_[staying]) {
      if (objects.refused()[old]) continue;
      remain_for_.emplace(old, staying);
      refuse(old);
    }
    for (const auto* wait : from(staying)) {
      if (!wait->why || objects.refused()[wait->after]) continue;
      // A unit that does not change itself only misses this restart.
      if (wait->why == Why::restarts && !objects.is_changed(wait->after)) continue;
      if (objects.is_declared(wait->after)) report(*wait, objects, problems);
      refuse(wait->after);
    }
  }
}

std::string Waits::remedy(std::size_t staying, const Objects& objects) const {
  const auto name = to_string(objects.id(staying));
  if (const auto successor = remain_for_.find(staying); successor != remain_for_.end()) {
    return fmt::format("fix {} first, which takes its place", to_string(objects.id(successor->second)));
  }
  if (!may_not_go(staying, objects)) {
    return fmt::format("fix why {} was refused, or remove its manifest", name);
  }
  if (!objects.entry(staying)->keep) return "fix what keeps this sync from pruning";
  return fmt::format("declare {} again without the annotation {}, or remove it on the device by hand", name,
                     annotations::prune);
}

void Waits::report(const Precedence& wait, const Objects& objects, Problems& problems) const {
  const auto& manifest = objects.desired(wait.after).manifest;
  const auto name = to_string(manifest.id);
  const auto other = to_string(objects.id(wait.before));
  const auto claim = claim_in_words(wait.claim);
  const bool stuck = may_not_go(wait.before, objects);
  const auto error = [&](std::string text) {
    problems.error(manifest.place(), std::move(text), remedy(wait.before, objects));
  };
  switch (*wait.why) {
    case Why::depends:
      problems.error(manifest.place(),
                     fmt::format("{} is skipped: it depends on {}, which was refused", name, other),
                     fmt::format("fix {} first", other));
      return;
    case Why::restarts:
      problems.error(manifest.place(),
                     fmt::format("{} is held: it restarts on {}, which was refused", name, other),
                     fmt::format("fix {} first", other));
      return;
    case Why::place:
      if (stuck) {
        error(fmt::format("{} takes the place of {}, which may not be removed", name, other));
      } else {
        error(fmt::format("{} claims {}, which {} still has", name, claim, other));
      }
      return;
    case Why::below:
      error(fmt::format("{} is below {}, where {} still is{}", name, claim, other,
                        stuck ? ", which may not be removed" : ""));
      return;
    case Why::inside:
      error(fmt::format("{} takes a place in which {} still has {}", name, other, claim));
      return;
    case Why::purge:
      problems.error(manifest.place(),
                     fmt::format("{} would remove {}, which {} {}", name, claim, other,
                                 stuck ? "leaves there" : "still has"),
                     "remove purge, or remove the object first");
      return;
    case Why::successor:
      error(fmt::format("{} stays where it is, since {} has begun to take its place", name, other));
      return;
  }
}

void Waits::refuse_circles(const Graph& graph, Objects& objects, Problems& problems) const {
  const auto circles = graph.cycles(objects.refused());
  for (const auto& circle : circles) report_circle(circle, objects, problems);
  for (const auto& circle : circles) {
    for (const auto member : circle) objects.refuse(member);
  }
}

void Waits::report_circle(const std::vector<std::size_t>& circle, const Objects& objects,
                          Problems& problems) const {
  // Listed from the waiting one to what it waits for, as people write it.
  std::string names;
  for (auto member = circle.rbegin(); member != circle.rend(); ++member) {
    names += (names.empty() ? "" : " → ") + to_string(objects.id(*member));
  }
  bool exchanges = false;
  for (std::size_t i = 1; i < circle.size(); ++i) {
    exchanges = exchanges || std::ranges::any_of(from(circle[i - 1]), [&](const Precedence* wait) {
                  return wait->after == circle[i] && is_about_places(*wait);
                });
  }
  const auto declared =
      std::ranges::find_if(circle, [&](auto number) { return objects.is_declared(number); });
  const auto place = declared == circle.end() ? Place{} : objects.desired(*declared).manifest.place();
  if (exchanges) {
    problems.error(place, fmt::format("these swap places: {}", names),
                   "move one of them to a new place first, in a separate commit");
  } else {
    problems.error(place, fmt::format("these wait for each other: {}", names),
                   fmt::format("remove one of the references ({}, restartOn, reloadOn, a directory's path)",
                               annotations::depends_on));
  }
}

std::vector<std::size_t> Waits::order(const Objects& objects, const std::vector<bool>& released) const {
  auto early = released;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if ((objects.is_declared(i) || released[i]) && !objects.refused()[i]) open.push_back(i);
  }
  while (!open.empty()) {
    const auto number = open.back();
    open.pop_back();
    for (const auto* wait : into(number)) {
      const auto before = wait->before;
      if (objects.is_declared(before) || objects.refused()[before] || early[before]) continue;
      early[before] = true;
      open.push_back(before);
    }
  }
  return graph().order(objects.refused(), early);
}

}  // namespace greenwave::plan
