#include <nlohmann/json.hpp>

#include "cli.h"
#include "daemon/situation.h"
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
      auto status = last_status(context);
      if (!context.config_problem.empty()) print_note(context.config_problem);
      return status;
    } catch (const Error& error) {
      print_error(unreachable, context.json);
      print_note(error.what());
      return {};
    }
  }
}

int show_status(const Context& context) {
  const auto status = current_status(context);
  if (!status) return exit_not_done;
  if (context.json) {
    print(daemon::to_json(*status));
  } else {
    print(status_text(*status, SystemClock().now(), context.style));
  }
  return daemon::judge(*status).exit_code;
}

}  // namespace

const Subcommand status_command{
    .name = "status",
    .summary = "Whether this device is in sync with its repository, and if not, why",
    .details =
        R"(Exit codes: 0 all is in order, 1 something needs attention, 2 the daemon does not answer (its last
saved state is shown, if any). man greenwave lists every status with its exit code.

Examples:
  greenwave status
  greenwave status || alert
  greenwave status -o json | jq .failed)",
    .declare = [](CommandLine&) -> Action { return show_status; },
};

}  // namespace greenwave::cli
