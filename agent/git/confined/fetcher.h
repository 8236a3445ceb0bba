#pragma once

#include "base/fd.h"

namespace greenwave::git::confined {

/// The fetcher: what `greenwaved --confined fetcher` does. Confines itself, then answers the agent until that
/// has no more questions, or the server has closed the connection that was kept for them. Returns the exit
/// status. Before it is confined it reads nothing but the agent's first message.
int run_fetcher(Fd channel);

}  // namespace greenwave::git::confined
