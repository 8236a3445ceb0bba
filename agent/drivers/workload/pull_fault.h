#pragma once

#include <string_view>

#include "base/error.h"

namespace greenwave::drivers::workload {

/// What kind of failure it is that an image cannot be pulled. Runtimes pass on only the text of what a
/// registry or the network said, so this is the one place that reads it: what a registry answers about the
/// image or about who asks lasts (invalid), a certificate that nobody here trusts is untrusted, and all else
/// (the network, a registry that is overloaded, a full disk) passes. Pure.
Fault fault_of_pull(std::string_view error);

/// What a container runtime says when it lacks room, memory or a lock.
bool is_shortage(std::string_view error);

}  // namespace greenwave::drivers::workload
