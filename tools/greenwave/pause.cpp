#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli.h"
#include "daemon/status.h"

namespace greenwave::cli {

namespace {

struct PauseOptions {
  std::string duration;
  std::string reason;
};

int pause(const Context& context, const PauseOptions& options) {
  auto body = acting_user();
  body["for"] = options.duration;
  body["reason"] = options.reason;
  const auto answer = context.client().post("/v1/pause", body);
  if (context.json) {
    print(answer);
    return 0;
  }
  const auto status = daemon::status_from_json(answer);
  print(status.pause
            ? fmt::format("Paused until {} ({}) by {}. End it sooner: greenwave resume\n",
                          moment(status.pause->until), relative(status.pause->until, SystemClock().now()),
                          printable(status.pause->who))
            : std::string("Paused. End it sooner: greenwave resume\n"));
  return 0;
}

Action declare_pause(CommandLine& line) {
  const auto options = std::make_shared<PauseOptions>();
  line.option("--for", options->duration, "How long: 30m, 2h, 1h30m, up to 7d").value_name("TIME").required();
  line.option("--reason", options->reason, "Why, for your colleagues").value_name("TEXT").required();
  return [options](const Context& context) { return pause(context, *options); };
}

}  // namespace

const Subcommand pause_command{
    .name = "pause",
    .summary = "Stop the agent from changing this device for a while",
    .details =
        R"(The pause ends by itself. Who paused and why is in the status and the history.
Exit codes: 0 paused, 2 the request failed.

Examples:
  sudo greenwave pause --for 2h --reason "working in the cabinet")",
    .declare = declare_pause,
};

}  // namespace greenwave::cli
