#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/problem.h"
#include "plan/graph.h"
#include "plan/objects.h"
#include "plan/step.h"

namespace greenwave::plan {

/// `after` comes after `before`, whatever is to be done to them.
struct Precedence {
  std::size_t before = 0;
  std::size_t after = 0;
  /// Unless `before` is done with, `after` stays as it is for this reason; nothing: only their order matters.
  std::optional<Why> why{};
  std::string_view claim{};  ///< that `before` has to give up first
};

/// What waits for what in a plan. Refusals spread along it: what waits for an object that stays as it is
/// stays too, and says for whom it waits.
class Waits {
 public:
  explicit Waits(std::size_t size) : into_(size), from_(size), remains_(size) {}

  void add(const Precedence& wait);
  /// `old` is not removed as long as `successor`, which takes its place, is refused.
  void remain(std::size_t old, std::size_t successor) { remains_[successor].push_back(old); }

  /// Those whose `after` is this one.
  std::vector<const Precedence*> into(std::size_t number) const { return at(into_[number]); }
  std::vector<const Precedence*> from(std::size_t number) const { return at(from_[number]); }
  /// Whether `to` comes after `start`.
  bool reaches(std::size_t start, std::size_t to) const;

  /// Refuses what waits for something refused, and whatever waits in a circle.
  void settle(Objects& objects, Problems& problems);

  /// What is not refused, in an order that keeps all waits. Removals that something waits for come as early
  /// as they may, the others last.
  std::vector<std::size_t> order(const Objects& objects) const;

 private:
  std::vector<const Precedence*> at(const std::vector<std::size_t>& numbers) const;
  Graph graph() const;
  void spread(Objects& objects, Problems& problems);
  void refuse_circles(const Graph& graph, Objects& objects, Problems& problems) const;
  void report_circle(const std::vector<std::size_t>& circle, const Objects& objects,
                     Problems& problems) const;
  void report(const Precedence& wait, const Objects& objects, Problems& problems) const;
  std::string remedy(std::size_t staying, const Objects& objects) const;

  std::vector<Precedence> waits_;
  std::vector<std::vector<std::size_t>> into_;
  std::vector<std::vector<std::size_t>> from_;
  std::vector<std::vector<std::size_t>> remains_;  ///< of each object: what it would take the place of
  std::map<std::size_t, std::size_t> remain_for_;  ///< what remains, and the refused one that it is for
};

}  // namespace greenwave::plan
