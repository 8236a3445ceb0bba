#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "plan/step.h"

namespace greenwave::plan {

/// Whether the step interrupts what runs on the device: a restart, a stop, a program that must wait.
bool disrupts(const Step& step);

/// What must wait while nothing may be disrupted.
struct Closed {
  bool removals = false;  ///< nothing may be removed either
};

/// Marks, from `first` on, the steps (or their restarts) that must wait, and what waits with them: what needs
/// a waiting step, and all changes that one restart is for, once one of them waits, so that a unit which
/// starts by chance never starts with half of them. Pure.
void hold(std::vector<Step>& steps, std::size_t first, Closed closed);

/// What of a step waits, for people: "restart for File/chrony"; empty: nothing.
std::string waiting_in_words(const Step& step);

}  // namespace greenwave::plan
