#pragma once

#include "sandbox/child.h"

namespace greenwave::sandbox {

/// From now on no thread of this process makes another system call than those of its role's list: what is not
/// on it fails with EPERM, seccomp(2). Throws Error (transient) when the kernel refuses.
void restrict_system_calls(Role role);

}  // namespace greenwave::sandbox
