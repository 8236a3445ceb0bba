#include <nlohmann/json.hpp>

#include "cli.h"
#include "last_state.h"
#include "text.h"

namespace greenwave::cli {

namespace {

/// The daemon's status, or its last saved one when it does not answer. Without either, prints why and returns
/// nothing.
std::optional<daemon::Status> current_status(const Context& context) {
  try {
    return daemon::status_from_json(context.client().get("/v1/status"));
  } catch (const Unreachable& unreachable) {
    try {
      return last_status(context);
    } catch (const Error& error) {
      print_error(unreachable, context.json);
      print_note(error.what());
      if (!context.config_problem.empty()) print_note(context.config_problem);
      return {};
    }
  }
}

int exit_code(const daemon::Status& status) {
  if (!status.running) return exit_not_done;
  const bool well = status.failed.empty() && status.last_error.empty() && !status.rejected;
  return well && status.commit ? 0 : 1;
}

int show_status(const Context& context) {
  const auto status = current_status(context);
  if (!status) return exit_not_done;
  if (context.json) {
    print(daemon::to_json(*status));
  } else {
    print(status_text(*status, SystemClock().now(), context.style));
  }
  return exit_code(*status);
}

}  // namespace

const Subcommand status_command{
    .name = "status",
    .summary = "Whether this device is in sync with its repository, and if not, why",
    .details =
        R"(Exit codes: 0 all objects are in sync (or wait for a window), 1 some are not, the ref's commit was
reverted, or the last sync failed, 2 the daemon does not answer (its last saved state is shown, if any).

Examples:
  greenwave status
  greenwave status -o json | jq .failed)",
    .declare = [](CommandLine&) -> Action { return show_status; },
};

}  // namespace greenwave::cli
