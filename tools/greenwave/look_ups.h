#pragma once

#include "base/command_line.h"

namespace greenwave::cli {

/// Tells completions what the command's values may be: devices, labels, layers and revisions of the city
/// here, the objects of this device, fields that can be explained. Reads files and the daemon's socket; asks
/// no network.
void add_look_ups(CommandLine& line);

}  // namespace greenwave::cli
