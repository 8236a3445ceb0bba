#pragma once

#include <functional>

#include "base/command_line.h"
#include "context/context.h"

namespace greenwave::cli {

/// A subcommand's work; returns the exit code. An exception is printed and exits with exit_not_done.
using Action = std::function<int(const Context&)>;

struct Subcommand {
  const char* name;
  const char* summary;
  const char* details;                   ///< --help after the options: exit codes and examples
  Action (*declare)(CommandLine& line);  ///< adds the options to `line`
};

extern const Subcommand status_command;
extern const Subcommand sync_command;
extern const Subcommand diff_command;
extern const Subcommand history_command;
extern const Subcommand audit_command;
extern const Subcommand show_command;
extern const Subcommand pause_command;
extern const Subcommand resume_command;
extern const Subcommand doctor_command;
extern const Subcommand bundle_command;
extern const Subcommand lint_command;
extern const Subcommand render_command;
extern const Subcommand impact_command;
extern const Subcommand init_command;
extern const Subcommand identity_command;
extern const Subcommand enroll_command;
extern const Subcommand recipients_command;
extern const Subcommand promote_command;
extern const Subcommand fleet_command;
extern const Subcommand tip_command;
extern const Subcommand explain_command;
extern const Subcommand completion_command;
extern const Subcommand logs_command;
extern const Subcommand version_command;

}  // namespace greenwave::cli
