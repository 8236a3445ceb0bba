#include "impact/outlines.h"

namespace greenwave::city {

const Outline& Outlines::of(std::uint32_t variant, std::string_view runtime) {
  const auto& kinds = kinds_.of(runtime);
  const auto [at, is_new] = known_.try_emplace({variant, &kinds});
  auto& outline = at->second;
  if (!is_new) return outline;
  const auto judged = judge(fleet_, fleet_.variants()[variant], kinds);
  if (judged.desired) outline.desired = outline_of(*judged.desired);
  outline.refused = judged.refused;
  add_errors(judged.object, outline.errors);
  add_errors(judged.spec, outline.errors);
  return outline;
}

void add_errors(const Problems& problems, std::vector<std::string>& errors) {
  for (const auto& problem : problems.list()) {
    if (problem.severity == Severity::error) errors.push_back(to_string(problem));
  }
}

}  // namespace greenwave::city
