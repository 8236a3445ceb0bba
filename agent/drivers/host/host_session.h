#pragma once

#include "drivers/driver.h"

namespace greenwave::drivers::host {

/// The host is always there.
class HostSession : public Session {
 public:
  std::optional<std::string> unreachable() const final { return {}; }
};

}  // namespace greenwave::drivers::host
