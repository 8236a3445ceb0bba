#include <CLI/CLI.hpp>
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

void add_globals(CLI::App& app, cli::Globals& globals) {
  app.add_option("--config", globals.config, "The device's configuration")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--root", globals.root, "Where the daemon runs with --root DIR: the same DIR")
      ->type_name("DIR");
  app.add_option("--socket", globals.socket,
                 "The daemon's control socket, if not where the configuration says")
      ->type_name("PATH");
  app.add_option("-o,--output", globals.output, "text for people, json for programs")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_flag("--no-color", globals.no_color, "Plain text on a terminal, as with NO_COLOR=1");
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
  CLI::App app(about, "greenwave");
  cli::Globals globals;
  cli::Action chosen;
  app.fallthrough();
  app.require_subcommand(1);
  app.footer(examples);
  add_globals(app, globals);
  cli::add_status(app, chosen);
  cli::add_sync(app, chosen);
  cli::add_diff(app, chosen);
  cli::add_history(app, chosen);
  cli::add_show(app, chosen);
  cli::add_pause(app, chosen);
  cli::add_resume(app, chosen);
  cli::add_doctor(app, chosen);
  cli::add_bundle(app, chosen);
  cli::add_lint(app, chosen);
  cli::add_render(app, chosen);
  cli::add_impact(app, chosen);
  cli::add_init(app, chosen);
  cli::add_identity(app, chosen);
  cli::add_recipients(app, chosen);
  cli::add_promote(app, chosen);
  cli::add_version(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : cli::exit_not_done;
  }
  return run(chosen, globals);
}
