#pragma once

#include "base/fd.h"
#include "sandbox/channel.h"

namespace greenwave::render::confined {

/// What the renderer does once it is confined and has greeted: answers until the agent is gone. The agent's
/// keys come as open files, and stay here.
void answer(sandbox::Channel& channel);

/// The life of the renderer's process, from its first moment; see sandbox/child.h. Returns its exit status.
int serve(Fd end);

}  // namespace greenwave::render::confined
