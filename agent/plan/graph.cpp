#include "plan/graph.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

namespace greenwave::plan {

std::vector<std::size_t> Graph::order(const std::vector<bool>& excluded,
                                      const std::vector<bool>& early) const {
  std::vector<std::size_t> waits_for(after_.size(), 0);
  for (std::size_t i = 0; i < after_.size(); ++i) {
    if (excluded[i]) continue;
    for (const auto next : after_[i]) ++waits_for[next];
  }
  using Turn = std::pair<bool, std::size_t>;
  const auto turn = [&](std::size_t number) { return Turn(early.empty() || !early[number], number); };
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> ready;
  for (std::size_t i = 0; i < after_.size(); ++i) {
    if (!excluded[i] && waits_for[i] == 0) ready.push(turn(i));
  }
  std::vector<std::size_t> sorted;
  sorted.reserve(after_.size());
  while (!ready.empty()) {
    const auto current = ready.top().second;
    ready.pop();
    sorted.push_back(current);
    for (const auto next : after_[current]) {
      if (--waits_for[next] == 0 && !excluded[next]) ready.push(turn(next));
    }
  }
  return sorted;
}

std::vector<std::size_t> Graph::shortest_cycle(std::size_t start, const std::vector<bool>& within) const {
  constexpr auto unseen = static_cast<std::size_t>(-1);
  std::vector<std::size_t> reached_from(after_.size(), unseen);
  std::queue<std::size_t> reached;
  reached.push(start);
  while (!reached.empty()) {
    const auto current = reached.front();
    reached.pop();
    for (const auto next : after_[current]) {
      if (!within[next] || reached_from[next] != unseen) continue;
      reached_from[next] = current;
      if (next != start) {
        reached.push(next);
        continue;
      }
      std::vector<std::size_t> cycle{start};
      for (auto at = current; at != start; at = reached_from[at]) cycle.push_back(at);
      cycle.push_back(start);
      std::reverse(cycle.begin(), cycle.end());
      return cycle;
    }
  }
  return {};
}

std::vector<std::vector<std::size_t>> Graph::cycles(const std::vector<bool>& excluded) const {
  std::vector<bool> left(after_.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = !excluded[i];
  for (const auto done : order(excluded)) left[done] = false;

  std::vector<std::vector<std::size_t>> found;
  std::vector<bool> named(after_.size(), false);
  for (std::size_t i = 0; i < after_.size(); ++i) {
    if (!left[i] || named[i]) continue;
    auto cycle = shortest_cycle(i, left);
    if (cycle.empty()) continue;  // only after a cycle
    for (const auto member : cycle) named[member] = true;
    found.push_back(std::move(cycle));
  }
  return found;
}

}  // namespace greenwave::plan
