#pragma once

#include "drivers/kubernetes/server.h"

namespace greenwave::drivers::kubernetes {

/// Whether the manifest allows its object to be deleted and created again: greenwave.dev/recreate, and for a
/// claim, whose data goes with it, greenwave.dev/recreate-claim.
bool may_recreate(const Manifest& manifest);

/// Whether the object must be made anew, and may: the server has refused to change it, but would take the
/// manifest as a new object, as a dry run under another name shows. So it is refused for what the object is
/// now. Nothing in a refusal says that by itself: an immutable field and a wrong value have the same reason.
/// False too when the server does not answer.
bool needs_recreation(Server& server, const Target& target, const Manifest& manifest,
                      const http::Response& refusal);

}  // namespace greenwave::drivers::kubernetes
