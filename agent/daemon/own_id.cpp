#include "daemon/own_id.h"

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::daemon {

OwnId own_id(const config::Config& config, const std::optional<std::string>& remembered) {
  if (config.names_device || !remembered || remembered->empty() || *remembered == config.device) {
    return {config.device, ""};
  }
  return {*remembered,
          fmt::format(
              "the host's name is now {}, but this device was in sync as {} and remains that; set device: in "
              "agent.yaml to name it",
              printable(config.device), printable(*remembered))};
}

}  // namespace greenwave::daemon
