#include "systemd/call.h"

#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace greenwave::systemd {

std::string BusError::text(int result) const {
  if (raw.message != nullptr) return raw.message;
  return std::strerror(std::abs(result));
}

Error refused(std::string_view action, const BusError& error, int result) {
  auto message = fmt::format("systemd could not {}: {}", action, error.text(result));
  if (error.is("org.freedesktop.systemd1.NoSuchUnit") || error.is(SD_BUS_ERROR_FILE_NOT_FOUND)) {
    return Error(
        Fault::invalid, message,
        "is the package with this unit installed, and is the name right? Or write the unit in the manifest");
  }
  if (error.is("org.freedesktop.systemd1.UnitMasked")) {
    return Error(Fault::conflict, message,
                 "unmask it on the device (systemctl unmask), or change its manifest");
  }
  if (error.is(SD_BUS_ERROR_ACCESS_DENIED) || error.is(SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED)) {
    return Error(Fault::invalid, message, "run greenwaved as root");
  }
  // It is shutting down, or short of something.
  const bool is_short = error.is("org.freedesktop.systemd1.TransactionIsDestructive") ||
                        error.is(SD_BUS_ERROR_LIMITS_EXCEEDED) || error.is(SD_BUS_ERROR_NO_MEMORY);
  const bool passing = is_short || error.is(SD_BUS_ERROR_NO_REPLY) || error.is(SD_BUS_ERROR_TIMEOUT) ||
                       error.is(SD_BUS_ERROR_DISCONNECTED) || error.raw.name == nullptr;
  return Error(passing ? Fault::transient : Fault::invalid, message);
}

void check(int result, std::string_view action) {
  if (result < 0) {
    throw Error(Fault::transient, fmt::format("cannot {}: {}", action, std::strerror(-result)));
  }
}

void append_list(sd_bus_message* message, const std::vector<std::string>& texts) {
  check(sd_bus_message_open_container(message, 'a', "s"), "write to the bus");
  for (const auto& text : texts) check(sd_bus_message_append(message, "s", text.c_str()), "write to the bus");
  check(sd_bus_message_close_container(message), "write to the bus");
}

}  // namespace greenwave::systemd
