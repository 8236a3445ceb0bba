#include "daemon/own_service.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include <systemd/sd-daemon.h>
#include <systemd/sd-login.h>

#include "drivers/host/unit_spec.h"
#include "guard/own_files.h"
#include "systemd/manager.h"

namespace greenwave::daemon {

using drivers::host::own_unit;

namespace {

/// How the kernel names a file that was replaced or removed while it is in use.
constexpr std::string_view replaced = " (deleted)";

}  // namespace

std::string own_program() {
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

bool runs_replaced_code(std::istream& maps) {
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::string range;
    std::string mode;
    std::string offset;
    std::string device;
    std::string inode;
    std::string path;
    words >> range >> mode >> offset >> device >> inode >> std::ws;
    std::getline(words, path);
    // What is in memory alone is always called deleted.
    const bool is_file = path.starts_with("/") && !path.starts_with("/memfd:") && !path.starts_with("/dev/");
    if (is_file && mode.find('x') != std::string::npos && path.ends_with(replaced)) return true;
  }
  return false;
}

bool was_upgraded() {
  std::ifstream maps("/proc/self/maps");
  return runs_replaced_code(maps);
}

std::filesystem::path programs_socket() {
  const char* path = std::getenv("GREENWAVE_PROGRAMS");
  return path == nullptr ? "" : path;
}

Duration pause_after_failure(std::uint32_t restarts) {
  constexpr std::uint32_t quick = 5;
  constexpr std::uint32_t most_doublings = 6;
  if (restarts <= quick) return {};
  const auto doublings = std::min(restarts - quick - 1, most_doublings);
  return std::chrono::seconds(10) * (1U << doublings);
}

void rest_after_failure() {
  if (!is_own_service()) return;
  Duration pause{};
  try {
    systemd::Manager systemd;
    const std::string unit(own_unit);
    pause = pause_after_failure(systemd.life(systemd.states({unit}).at(unit).path, unit).restarts);
  } catch (const std::exception&) {
    return;  // systemd waits some seconds by itself
  }
  if (pause == Duration{}) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(pause).count();
  sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%lld\nSTATUS=cannot start; tries again in %s",
             static_cast<long long>(seconds + 30) * 1'000'000, to_words(pause).c_str());
  sigset_t stops;
  ::sigemptyset(&stops);
  ::sigaddset(&stops, SIGTERM);
  ::sigaddset(&stops, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &stops, nullptr);
  const timespec patience{.tv_sec = seconds, .tv_nsec = 0};
  ::sigtimedwait(&stops, nullptr, &patience);
}

void restart_own_service() {
  systemd::Manager().queue(systemd::Job::restart, std::string(own_unit));
}

void start_guard() {
  systemd::Manager().queue(systemd::Job::start, std::string(guard::guard_unit));
}

}  // namespace greenwave::daemon
