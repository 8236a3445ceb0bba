#include <map>
#include <span>
#include <string_view>

#include <signal.h>
#include <unistd.h>

#include "base/version.h"
#include "cli.h"
#include "daemon/confined.h"
#include "look_ups.h"

using namespace greenwave;

namespace {

constexpr const char* about =
    "Shows and controls how greenwaved keeps this device in sync with its city's repository.";

constexpr const char* examples =
    R"(Exit codes: 0 success, 1 something needs attention, 2 the command failed or was used wrongly.
Each command's --help has the details.

Examples:
  greenwave status                 is this device in sync, and if not, why
  greenwave diff                   what a sync would change
  sudo greenwave sync --wait       poll and apply now, and watch
  sudo greenwave pause --for 2h --reason "working in the cabinet"
  greenwave doctor                 check configuration, network, clock, disk space)";

constexpr const char* common_options =
    "\n\nEvery command takes -o json, --no-color, --config, --root and --socket: greenwave --help";

/// In the order of --help.
constexpr const cli::Subcommand* subcommands[] = {
    &cli::status_command,     &cli::sync_command,       &cli::diff_command,     &cli::history_command,
    &cli::audit_command,      &cli::show_command,       &cli::pause_command,    &cli::resume_command,
    &cli::doctor_command,     &cli::bundle_command,     &cli::lint_command,     &cli::render_command,
    &cli::impact_command,     &cli::init_command,       &cli::identity_command, &cli::enroll_command,
    &cli::recipients_command, &cli::promote_command,    &cli::fleet_command,    &cli::explain_command,
    &cli::logs_command,       &cli::completion_command, &cli::tip_command,      &cli::version_command,
};

void add_globals(CommandLine& line, cli::Globals& globals) {
  line.option("--config", globals.config, "The device's configuration").value_name("FILE").show_default();
  line.option("--root", globals.root, "The DIR that the daemon was given with --root").value_name("DIR");
  line.option("--socket", globals.socket, "The daemon's control socket, if it is not the configured one")
      .value_name("PATH");
  line.option("-o,--output", globals.output, "text for people, json for programs")
      .value_name("FORMAT")
      .one_of({"text", "json"})
      .show_default();
  line.flag("--no-color", globals.no_color, "No colours on a terminal, as with NO_COLOR=1");
}

void add_help(CommandLine& line, std::map<std::string, cli::Action>& actions) {
  const auto command = std::make_shared<std::string>();
  auto& its_line = line.subcommand("help", "The usage of a command");
  its_line.option("COMMAND", *command, "The command; without it, the usage of greenwave itself");
  its_line.footer(
      std::string("Exit codes: 0 shown, 2 there is no such command.\n\nExamples:\n  greenwave help sync") +
      common_options);
  actions["help"] = [&line, command](const cli::Context&) {
    cli::print(line.help(*command));
    return 0;
  };
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

/// Before the options are read, which may be what is wrong.
bool asks_for_json(std::span<char* const> words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const bool has_next = i + 1 < words.size() && std::string_view(words[i + 1]) == "json";
    if (word == "-ojson" || word == "--output=json" || ((word == "-o" || word == "--output") && has_next)) {
      return true;
    }
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);  // doctor reports a server that hangs up, and goes on
  CommandLine line("greenwave", about);
  line.footer(examples);
  line.version(std::string("greenwave ") + program_version);
  const auto style = cli::style_of(STDOUT_FILENO, true);
  if (style.terminal) line.wrap_help(style.width);
  cli::Globals globals;
  add_globals(line, globals);
  std::map<std::string, cli::Action> actions;
  for (const auto* subcommand : subcommands) {
    auto& its_line = line.subcommand(subcommand->name, subcommand->summary);
    its_line.footer(std::string(subcommand->details) + common_options);
    actions[subcommand->name] = subcommand->declare(its_line);
  }
  add_help(line, actions);
  cli::add_look_ups(line);
  try {
    if (const auto status = daemon::run_if_confined(argc, argv)) return *status;
    if (!line.parse(argc, argv)) return 0;
  } catch (const Error& error) {
    cli::print_error(error, asks_for_json({argv, static_cast<std::size_t>(argc)}));
    return cli::exit_not_done;
  }
  return run(actions.at(line.chosen()), globals);
}
