#pragma once

#include <filesystem>
#include <istream>
#include <string>

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

/// Both queue a job of systemd's, and do not wait for it; they throw Error.
void restart_own_service();
void start_guard();

}  // namespace greenwave::daemon
