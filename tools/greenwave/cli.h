#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "context.h"

namespace greenwave::cli {

/// A command's work; the result is the exit code. What it throws is shown, and exits with exit_not_done.
using Action = std::function<int(const Context&)>;

/// Each adds one command to `app`, and sets `chosen` when the arguments chose it.
void add_status(CLI::App& app, Action& chosen);
void add_sync(CLI::App& app, Action& chosen);
void add_diff(CLI::App& app, Action& chosen);
void add_history(CLI::App& app, Action& chosen);
void add_show(CLI::App& app, Action& chosen);
void add_pause(CLI::App& app, Action& chosen);
void add_resume(CLI::App& app, Action& chosen);
void add_doctor(CLI::App& app, Action& chosen);
void add_promote(CLI::App& app, Action& chosen);
void add_bundle(CLI::App& app, Action& chosen);
void add_lint(CLI::App& app, Action& chosen);
void add_render(CLI::App& app, Action& chosen);
void add_impact(CLI::App& app, Action& chosen);
void add_init(CLI::App& app, Action& chosen);
void add_identity(CLI::App& app, Action& chosen);
void add_recipients(CLI::App& app, Action& chosen);
void add_version(CLI::App& app, Action& chosen);

/// A command's --help after its options: what is particular to it, then where the common options are.
std::string help_of(const char* particular);

}  // namespace greenwave::cli
