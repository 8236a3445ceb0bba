#pragma once

#include <cstddef>
#include <vector>

namespace greenwave::plan {

/// Which of several things must come before which. They are numbered from 0 in the order that breaks ties.
class Graph {
 public:
  explicit Graph(std::size_t size) : after_(size) {}

  void add(std::size_t before, std::size_t after) { after_[before].push_back(after); }

  /// Kahn's topological sort. Among those that are ready, `early` ones come first, then smaller numbers.
  /// Leaves out `excluded` ones, which block nothing, and all that are on a cycle or after one.
  std::vector<std::size_t> order(const std::vector<bool>& excluded,
                                 const std::vector<bool>& early = {}) const;

  /// Enough cycles to include everything that is on a cycle; each is the shortest one through its first
  /// member, which is repeated at its end. Each member comes before the next.
  std::vector<std::vector<std::size_t>> cycles(const std::vector<bool>& excluded) const;

 private:
  std::vector<std::size_t> shortest_cycle(std::size_t start, const std::vector<bool>& within) const;

  std::vector<std::vector<std::size_t>> after_;
};

}  // namespace greenwave::plan
