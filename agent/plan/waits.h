#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/problem.h"
#include "plan/graph.h"
#include "plan/objects.h"
#include "plan/step.h"

namespace greenwave::plan {

/// `after` comes after `before`, whatever their steps are.
struct Precedence {
  std::size_t before = 0;
  std::size_t after = 0;
  /// Why `after` stays as it is unless `before` succeeds; nothing: only their order matters.
  std::optional<Why> why{};
  std::string_view claim{};  ///< that `before` must give up first
};

/// What waits for what in a plan. Refusals spread along it: an object that waits for one that stays as it is
/// stays too, and its message names that one.
class Waits {
 public:
  explicit Waits(std::size_t size) : into_(size), from_(size), remains_(size) {}
  Waits(const Waits&) = delete;
  Waits& operator=(const Waits&) = delete;

  void add(const Precedence& wait);
  /// `old` is not removed while `successor`, which takes its place, is refused.
  void remain(std::size_t old, std::size_t successor) { remains_[successor].push_back(old); }

  /// Those whose `after` is this one.
  const std::vector<const Precedence*>& into(std::size_t number) const { return into_[number]; }
  const std::vector<const Precedence*>& from(std::size_t number) const { return from_[number]; }
  /// Whether `to` comes after `start`.
  bool reaches(std::size_t start, std::size_t to) const;

  /// Refuses objects that wait for a refused one, or for each other.
  void settle(Objects& objects, Problems& problems);

  /// The objects that are not refused, in an order that satisfies all waits. What is `released`, and removals
  /// that something waits for, come as early as possible; the other removals come last.
  std::vector<std::size_t> order(const Objects& objects, const std::vector<bool>& released) const;

 private:
  Graph graph() const;
  void spread(Objects& objects, Problems& problems);
  void refuse_circles(const Graph& graph, Objects& objects, Problems& problems) const;
  void report_circle(const std::vector<std::size_t>& circle, const Objects& objects,
                     Problems& problems) const;
  void report(const Precedence& wait, const Objects& objects, Problems& problems) const;
  std::string remedy(std::size_t staying, const Objects& objects) const;

  std::deque<Precedence> waits_;
  std::vector<std::vector<const Precedence*>> into_;
  std::vector<std::vector<const Precedence*>> from_;
  std::vector<std::vector<std::size_t>> remains_;  ///< for each object: those whose place it would take
  std::map<std::size_t, std::size_t>
      remain_for_;  ///< what remains, and the refused object that it remains for
};

}  // namespace greenwave::plan
