#include "daemon/own_service.h"

#include <cstdlib>
#include <filesystem>
#include <memory>

#include <systemd/sd-login.h>

#include "drivers/host/unit_spec.h"
#include "guard/own_files.h"
#include "systemd/manager.h"

namespace greenwave::daemon {

using drivers::host::own_unit;

std::string own_program() {
  constexpr std::string_view replaced = " (deleted)";
  std::error_code none;
  auto path = std::filesystem::read_symlink("/proc/self/exe", none).native();
  if (path.ends_with(replaced)) path.resize(path.size() - replaced.size());
  return path;
}

bool is_own_service() {
  char* name = nullptr;
  if (::sd_pid_get_unit(0, &name) < 0) return false;
  const std::unique_ptr<char, decltype(&std::free)> unit(name, std::free);
  return unit.get() == own_unit;
}

std::filesystem::path programs_socket() {
  const char* path = std::getenv("GREENWAVE_PROGRAMS");
  return path == nullptr ? "" : path;
}

void restart_own_service() {
  systemd::Manager().queue(systemd::Job::restart, std::string(own_unit));
}

void start_guard() {
  systemd::Manager().queue(systemd::Job::start, std::string(guard::guard_unit));
}

}  // namespace greenwave::daemon
