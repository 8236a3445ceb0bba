#pragma once

// Helpers for the D-Bus calls to systemd, shared by manager.cpp and jobs.cpp only.

#include <string>
#include <string_view>
#include <vector>

#include <systemd/sd-bus.h>

#include "base/error.h"

namespace greenwave::systemd {

namespace names {

inline constexpr const char* service = "org.freedesktop.systemd1";
inline constexpr const char* manager_path = "/org/freedesktop/systemd1";
inline constexpr const char* manager = "org.freedesktop.systemd1.Manager";
inline constexpr const char* unit_interface = "org.freedesktop.systemd1.Unit";
inline constexpr const char* service_interface = "org.freedesktop.systemd1.Service";
inline constexpr const char* mount_interface = "org.freedesktop.systemd1.Mount";
inline constexpr const char* socket_interface = "org.freedesktop.systemd1.Socket";
inline constexpr const char* swap_interface = "org.freedesktop.systemd1.Swap";
inline constexpr const char* timer_interface = "org.freedesktop.systemd1.Timer";

}  // namespace names

struct BusError {
  sd_bus_error raw{};
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { sd_bus_error_free(&raw); }

  std::string text(int result) const;
  bool is(const char* name) const { return sd_bus_error_has_name(&raw, name) > 0; }
};

/// The Error for systemd's refusal to `action`: what it means, and what people can do about it.
Error refused(std::string_view action, const BusError& error, int result);

/// Throws Error (transient) for a negative result of an sd_bus function that only works locally.
void check(int result, std::string_view action);

void append_list(sd_bus_message* message, const std::vector<std::string>& texts);

}  // namespace greenwave::systemd
