#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "plan/step.h"

namespace greenwave::plan {

/// Whether the step interrupts running programs: a restart, a stop, a command that must wait for a window.
bool disrupts(const Step& step);

/// What must wait while nothing may be disrupted.
struct Closed {
  bool removals = false;  ///< removals must wait too
};

/// Marks, from `first` on, the steps (or their restarts) that must wait, and those that wait with them: steps
/// that need a waiting step, and all changes for one restart if one of them waits, so that a unit that starts
/// for another reason never starts with half of them. Pure.
void hold(std::vector<Step>& steps, std::size_t first, Closed closed);

/// What part of a step waits, for people: "restart for File/chrony"; empty if nothing does.
std::string waiting_in_words(const Step& step);

}  // namespace greenwave::plan
