#include <algorithm>
#include <memory>
#include <vector>

#include "cli.h"
#include "fleet/action.h"
#include "hub/place.h"

namespace greenwave::cli {

namespace {

constexpr const char* common_options =
    "\n\nEvery action takes --hub, --token-file, --ca and -o json: greenwave fleet --help";

struct Declared {
  std::string name;
  fleet::Work work;
};

struct FleetOptions {
  HubOptions hub;
  std::vector<Declared> actions;
};

int ask_hub(const Context& context, const HubOptions& options, const fleet::Work& work) {
  HubClient hub(hub_place(options));
  const auto outcome = work(hub, SystemClock().now(), context.style);
  print(context.json ? outcome.json : outcome.text);
  return outcome.exit_code;
}

Action declare_fleet(CommandLine& line) {
  const auto options = std::make_shared<FleetOptions>();
  add_hub_options(line, options->hub);
  for (const auto actions : {fleet::reading_actions(), fleet::acting_actions()}) {
    for (const auto& action : actions) {
      auto& its_line = line.subcommand(action.name, action.summary);
      its_line.footer(std::string(action.details) + common_options);
      options->actions.push_back({action.name, action.declare(its_line)});
    }
  }
  return [options, &line](const Context& context) {
    const auto chosen = line.chosen();
    const auto action = std::ranges::find(options->actions, chosen, &Declared::name);
    return ask_hub(context, options->hub, action->work);
  };
}

}  // namespace

const Subcommand fleet_command{
    .name = "fleet",
    .summary = "Ask the city's hub about its devices, and let devices in",
    .details =
        R"(Runs anywhere: it asks the hub over HTTPS, with a token of greenwave-hub token add. The hub and the token's file
may be named once, in ~/.config/greenwave/hub.yaml: {url: https://hub.example, tokenFile: token, caFile: ca.crt}.
A token in GREENWAVE_HUB_TOKEN goes before that file's.

Exit codes: 0 all is well, 1 something needs attention, 2 the hub could not be asked, or it refused.

Examples:
  greenwave fleet status
  greenwave fleet failing
  greenwave fleet device sf-0042
  greenwave fleet devices --state not-reporting --label model=atc-5201
  greenwave fleet rollout
  greenwave fleet approve sf-0042)",
    .declare = declare_fleet,
};

}  // namespace greenwave::cli
