#pragma once

#include "drivers/driver.h"

namespace greenwave::drivers {

/// Comparison::apply for steps that are done one by one: `one` does a step, and what it throws is how it
/// failed.
void apply_each(std::span<const plan::Step* const> steps, const ReportStep& report,
                const std::function<bool()>& stop, const std::function<StepResult(const plan::Step&)>& one);

}  // namespace greenwave::drivers
