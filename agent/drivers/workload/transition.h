#pragma once

#include "drivers/transition.h"

namespace greenwave::drivers::workload {

/// Of a Kubernetes object, whatever runs it: its pods are replaced where their template changes.
Transition pods_transition(const Declared* was, const Declared& is);

}  // namespace greenwave::drivers::workload
