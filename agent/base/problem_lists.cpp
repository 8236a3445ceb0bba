#include "base/problem_lists.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <unordered_set>

namespace greenwave {

namespace {

void add(const Problem& problem, Problems& list) {
  if (problem.severity == Severity::error) {
    list.error(problem.place, problem.message, problem.remedy);
  } else {
    list.warning(problem.place, problem.message, problem.remedy);
  }
}

}  // namespace

Problems in_file_order(const Problems& problems) {
  auto sorted = problems.list();
  std::ranges::stable_sort(sorted, {}, [](const Problem& problem) {
    return std::tuple(problem.place.line, problem.place.column);
  });
  Problems list;
  for (const auto& problem : sorted) add(problem, list);
  return list;
}

Problems without_repeats(const Problems& problems) {
  std::unordered_set<std::string> seen;
  Problems list;
  for (const auto& problem : problems.list()) {
    if (seen.insert(to_string(problem)).second) add(problem, list);
  }
  return list;
}

}  // namespace greenwave
