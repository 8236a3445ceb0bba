#pragma once

#include <string>

/// The agent as a service of systemd's.
namespace greenwave::daemon {

/// The executable that runs, by its path.
std::string own_program();

/// Whether this process is greenwaved.service.
bool is_own_service();

/// Asks systemd for what it then does by itself; throws Error.
void restart_own_service();
void start_guard();

}  // namespace greenwave::daemon
