#pragma once

#include <optional>
#include <string>

#include "config/config.h"

namespace greenwave::daemon {

/// By which id this device finds itself in its city.
struct OwnId {
  std::string id;
  std::string note;  ///< what people should know about it; may be empty
};

/// What agent.yaml names. Without that: the id by which the device was first in sync, because a host's name
/// may be lost at a boot (localhost), or come with a domain or in capitals; and the host's name until then.
OwnId own_id(const config::Config& config, const std::optional<std::string>& remembered);

}  // namespace greenwave::daemon
