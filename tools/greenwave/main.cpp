#include <map>

#include <signal.h>
#include <unistd.h>

#include "cli.h"

using namespace greenwave;

namespace {

constexpr const char* about =
    "Shows and steers how greenwaved keeps this device as its city's repository says.";

constexpr const char* examples =
    R"(Exit codes: 0 all is well, 1 something is not, 2 it could not be done or asked (also: wrong usage).
Each command's --help says what that means for it.

Examples:
  greenwave status                 is this device as it should be, and if not, why
  greenwave diff                   what a sync would change
  sudo greenwave sync --wait       poll and apply now, and watch
  sudo greenwave pause --for 2h --reason "working in the cabinet"
  greenwave doctor                 what may be wrong with configuration, network, clock, disk)";

constexpr const char* common_options =
    "\n\nEvery command takes -o json, --no-color, --config, --root and --socket: greenwave --help";

/// In the order of --help.
constexpr const cli::Subcommand* subcommands[] = {
    &cli::status_command,  &cli::sync_command,     &cli::diff_command,       &cli::history_command,
    &cli::show_command,    &cli::pause_command,    &cli::resume_command,     &cli::doctor_command,
    &cli::bundle_command,  &cli::lint_command,     &cli::render_command,     &cli::impact_command,
    &cli::init_command,    &cli::identity_command, &cli::recipients_command, &cli::promote_command,
    &cli::version_command,
};

void add_globals(CommandLine& line, cli::Globals& globals) {
  line.option("--config", globals.config, "The device's configuration").value_name("FILE").show_default();
  line.option("--root", globals.root, "Where the daemon runs with --root DIR: the same DIR")
      .value_name("DIR");
  line.option("--socket", globals.socket, "The daemon's control socket, if not where the configuration says")
      .value_name("PATH");
  line.option("-o,--output", globals.output, "text for people, json for programs")
      .value_name("FORMAT")
      .one_of({"text", "json"})
      .show_default();
  line.flag("--no-color", globals.no_color, "Plain text on a terminal, as with NO_COLOR=1");
}

int run(const cli::Action& command, const cli::Globals& globals) {
  try {
    return command(cli::context_of(globals));
  } catch (const Error& error) {
    cli::print_error(error, globals.output == "json");
  } catch (const std::exception& error) {
    cli::print_error(Error(Fault::internal, error.what()), globals.output == "json");
  }
  return cli::exit_not_done;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);  // a server that hangs up is a finding of doctor, not an end
  CommandLine line("greenwave", about);
  line.footer(examples);
  cli::Globals globals;
  add_globals(line, globals);
  std::map<std::string, cli::Action> actions;
  for (const auto* subcommand : subcommands) {
    auto& its_line = line.subcommand(subcommand->name, subcommand->summary);
    its_line.footer(std::string(subcommand->details) + common_options);
    actions[subcommand->name] = subcommand->declare(its_line);
  }
  if (const auto status = line.parse(argc, argv)) return *status == 0 ? 0 : cli::exit_not_done;
  return run(actions.at(line.chosen()), globals);
}
