#pragma once

#include <string>
#include <string_view>

#include "base/process.h"
#include "drivers/host/confined.h"
#include "yaml/fields.h"

namespace greenwave::drivers::host {

/// Whom a program of a manifest runs as, unless that says otherwise.
inline constexpr std::string_view root_user = "root";

/// Reads `user`, as whom a program runs; reports one whom the device does not allow. Pure.
std::string read_user(const Host& host, yaml::Fields& spec, bool names_program);

/// Whether this device lets manifests run programs as `user`. Pure.
bool may_run_as(const Host& host, std::string_view user);

/// The same command as that user, with its groups and home. Throws Error (invalid) when there is no such
/// user.
Command as_user(Command command, const std::string& user);

/// Runs it where this device runs the programs of manifests. Throws Error.
CommandResult run_program(const Host& host, const Command& command);

/// The last lines of what a program has said, for people.
std::string last_lines(const std::string& output);

/// Everybody on a device can read the words of a running program, but not its environment: a script for a
/// shell (sh -c SCRIPT, with any further options and words) is moved there. What is not for a shell stays.
Command with_hidden_script(Command command);
/// Where the script is among the words, for a shell; 0: it is none.
std::size_t script_in(const std::vector<std::string>& argv);

}  // namespace greenwave::drivers::host
