#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <string>

#include "base/clock.h"

/// The agent as a service of systemd's.
namespace greenwave::daemon {

/// The executable that runs, by its path.
std::string own_program();

/// Whether this process is greenwaved.service.
bool is_own_service();

/// Whether this process runs code that is no longer on the disk: its program or a library was upgraded.
bool was_upgraded();
/// The same, by what proc(5) says of a process's maps. Pure.
bool runs_replaced_code(std::istream& maps);

/// The socket of the service that runs programs for greenwaved.service, as that unit names it; empty: none.
std::filesystem::path programs_socket();

/// How long an agent that could not start waits before it ends, by how often systemd has started it again: it
/// does so for ever, and must not fill the journal with that. Pure.
Duration pause_after_failure(std::uint32_t restarts);
/// Waits so long, as greenwaved.service, or until it is told to stop. Never throws.
void rest_after_failure();

/// Both queue a job of systemd's, and do not wait for it; they throw Error.
void restart_own_service();
void start_guard();

}  // namespace greenwave::daemon
