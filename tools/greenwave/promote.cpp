#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli.h"
#include "promote/city.h"
#include "promote/text.h"

namespace greenwave::cli {

namespace {

struct PromoteOptions {
  promote::Request request;
  std::string health;
  std::string silent_after = "1h";
  bool assume_healthy = false;
  bool status = false;
};

int promote_now(const Context& context, const PromoteOptions& options) {
  auto request = options.request;
  request.silent_after = parse_duration(options.silent_after);
  request.now = SystemClock().now();
  if (!options.health.empty()) {
    request.health = promote::load_health(options.health);
  } else if (!options.assume_healthy && !options.status) {
    throw Error(Fault::invalid, "nothing says whether the devices are healthy",
                "name --health URL or FILE, or say --assume-healthy: then only soak times count");
  }
  promote::City city(request);
  if (!options.status) city.move();
  if (context.json) {
    print(promote::to_json(city.stages(), city.outcomes()));
  } else {
    print(promote::text_of(city.stages(), city.outcomes(), options.status, request.now, context.style));
  }
  return city.exit_code();
}

Action declare_promote(CommandLine& line) {
  const auto options = std::make_shared<PromoteOptions>();
  auto& request = options->request;
  line.option("--repo", request.url, "The city's repository, as git names it").value_name("URL").required();
  line.option("--branch", request.branch, "The branch that the devices' configurations name")
      .value_name("NAME")
      .show_default();
  line.option("--path", request.path, "The cluster's directory in the repository").value_name("DIR");
  line.option("--from", request.from, "Where commits come in, if not at the first wave's ref")
      .value_name("REF");
  const auto health =
      line.option("--health", options->health, "How the devices are: greenwave(1) has the format")
          .value_name("URL|FILE");
  line.flag("--assume-healthy", options->assume_healthy, "Look at no device: only soak times count")
      .excludes(health);
  line.option("--silent-after", options->silent_after, "A device's report that is older counts as none")
      .value_name("TIME")
      .show_default();
  line.flag("--status", options->status, "Show what each wave has and what holds it; move nothing");
  return [options](const Context& context) { return promote_now(context, *options); };
}

}  // namespace

const Subcommand promote_command{
    .name = "promote",
    .summary = "Move a city's waves forward, as far as their devices allow",
    .details =
        R"(Runs on the city's side: by a timer, in a CI job, or by a person. Commits come in at the first wave's
ref (or at --from), and go on wave by wave to the branch.

Exit codes: 0 moved, or nothing to move yet; 1 halted, because too much failed; 2 it could not be done, or only
a person can say how it goes on.

Examples:
  greenwave promote --repo ssh://git@git.example/traffic/fresno.git --health https://hub.example/health.json
  greenwave promote --repo https://git.example/fresno.git --status --health health.json
  greenwave promote --repo https://git.example/fresno.git --assume-healthy)",
    .declare = declare_promote,
};

}  // namespace greenwave::cli
