#pragma once

#include <cstddef>
#include <vector>

namespace greenwave::plan {

/// What must come before what, among things numbered from 0 in the order that breaks ties.
class Graph {
 public:
  explicit Graph(std::size_t size) : after_(size) {}

  void add(std::size_t before, std::size_t after) { after_[before].push_back(after); }

  /// Kahn's topological sort, the smallest number first among those that are ready. `excluded` things are
  /// left out and hold nothing up. What lies on a cycle, or behind one, is missing from the result.
  std::vector<std::size_t> order(const std::vector<bool>& excluded) const;

  /// Cycles such that everything that lies on some cycle is in one of them; each the shortest through its
  /// first member, which stands at its end again. Each member comes before the one that follows it.
  std::vector<std::vector<std::size_t>> cycles(const std::vector<bool>& excluded) const;

 private:
  std::vector<std::size_t> shortest_cycle(std::size_t start, const std::vector<bool>& within) const;

  std::vector<std::vector<std::size_t>> after_;
};

}  // namespace greenwave::plan
