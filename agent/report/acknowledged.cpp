#include "report/acknowledged.h"

#include <algorithm>

namespace greenwave::report {

std::vector<Gap> Acknowledged::gaps() const {
  std::vector<Gap> gaps;
  Gap gap;
  for (auto run = has_.rbegin(); run != has_.rend(); ++run) {
    gap.above = run->last;
    gaps.push_back(gap);
    gap.below = run->first;
  }
  return gaps;
}

void Acknowledged::add(std::int64_t first, std::int64_t last) {
  has_.push_back({first, last});
  std::ranges::sort(has_, {}, &Run::first);
  std::vector<Run> merged;
  for (const auto& run : has_) {
    if (!merged.empty() && run.first <= merged.back().last + 1) {
      merged.back().last = std::max(merged.back().last, run.last);
    } else {
      merged.push_back(run);
    }
  }
  has_ = std::move(merged);
}

void Acknowledged::close(const Gap& gap) {
  add(gap.above + 1, gap.below - 1);
}

}  // namespace greenwave::report
