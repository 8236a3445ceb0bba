#pragma once

#include <string>
#include <vector>

#include "base/problem.h"
#include "model/device.h"

namespace greenwave::cli {

/// The age recipients of a device, in normal form: its property `recipient`, one or a list. Anything else is
/// a problem.
std::vector<std::string> recipients_of(const Device& device, Problems& problems);

}  // namespace greenwave::cli
