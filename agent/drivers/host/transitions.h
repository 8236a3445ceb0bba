#pragma once

#include "drivers/transition.h"

namespace greenwave::drivers::host {

/// `was` is null for an object that the device does not have yet. Both have passed their kind's footprint();
/// what is encrypted counts as changed when its bytes are others.
Transition file_transition(const Declared* was, const Declared& is);
Transition directory_transition(const Declared* was, const Declared& is);
Transition unit_transition(const Declared* was, const Declared& is);
Transition command_transition(const Declared* was, const Declared& is);
Transition check_transition(const Declared* was, const Declared& is);

}  // namespace greenwave::drivers::host
