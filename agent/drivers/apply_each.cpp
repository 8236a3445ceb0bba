#include "drivers/apply_each.h"

#include <utility>

namespace greenwave::drivers {

void apply_each(std::span<const plan::Step* const> steps, const ReportStep& report,
                const std::function<bool()>& stop, const std::function<StepResult(const plan::Step&)>& one) {
  for (const auto* step : steps) {
    if (stop()) return;
    StepResult result;
    try {
      result = one(*step);
    } catch (const Error& error) {
      result.fail(error);
    }
    report(*step, std::move(result));
  }
}

}  // namespace greenwave::drivers
