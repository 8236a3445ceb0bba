#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "city/approvals.h"
#include "cli.h"
#include "context/signing_key.h"
#include "hub/place.h"
#include "promote/city.h"
#include "promote/text.h"

namespace greenwave::cli {

namespace {

struct PromoteOptions {
  promote::Options promotion;
  std::string health;
  std::filesystem::path health_token;
  std::string silent_after = "1h";
  bool assume_healthy = false;
  bool status = false;
  TrustOptions trust;
};

/// The configured hub's token and authorities go to that hub only.
promote::Health read_health(const PromoteOptions& options) {
  const bool is_url = options.health.find("://") != std::string::npos;
  if (!is_url && options.health != "hub") return promote::load_health(options.health);
  auto hub = configured_hub();
  if (options.health == "hub") {
    if (!hub) hub = hub_place({});  // says how to name one
    if (!options.health_token.empty()) hub->token = read_token(options.health_token);
    return promote::load_health(hub->url + "/v1/health", hub);
  }
  if (hub && !is_at_or_below(options.health, hub->url)) hub.reset();
  if (!options.health_token.empty()) {
    if (!hub) hub.emplace();
    hub->token = read_token(options.health_token);
  }
  return promote::load_health(options.health, hub);
}

int promote_now(const Context& context, const PromoteOptions& options) {
  auto promotion = options.promotion;
  promotion.silent_after = parse_duration(options.silent_after);
  promotion.now = SystemClock().now();
  if (!promotion.key.empty()) require_signing_key("--sign", promotion.key);
  if (!options.health.empty()) {
    promotion.health = read_health(options);
  } else if (!options.assume_healthy && !options.status) {
    throw Error(Fault::invalid, "the devices' health is not known",
                "pass --health hub, a URL or a FILE, or --assume-healthy: then only soak times count");
  }
  promotion.approvers = Approvers::from(options.trust);
  promote::City city(promotion);
  if (!options.status) city.move();
  if (context.json) {
    print(promote::to_json(city.stages(), city.decisions()));
  } else {
    print(promote::text_of(city.stages(), city.decisions(), options.status, promotion.now, context.style));
  }
  return city.exit_code();
}

Action declare_promote(CommandLine& line) {
  const auto options = std::make_shared<PromoteOptions>();
  auto& promotion = options->promotion;
  line.option("--repo", promotion.url, "The URL of the city's repository").value_name("URL").required();
  line.option("--branch", promotion.branch, "The branch that the devices follow")
      .value_name("NAME")
      .show_default();
  line.option("--path", promotion.path, "The cluster's directory in the repository").value_name("DIR");
  line.option("--from", promotion.from, "Where commits enter, if not at the first wave's ref")
      .value_name("REF");
  const auto health =
      line.option("--health", options->health,
                  "The devices' health, in the format that greenwave(1) describes; hub: from the "
                  "hub that greenwave fleet asks")
          .value_name("hub|URL|FILE");
  line.option("--health-token", options->health_token, "The file with the token for --health")
      .value_name("FILE")
      .needs(health);
  line.flag("--assume-healthy", options->assume_healthy, "Ignore the devices' health: only soak times count")
      .excludes(health);
  line.option("--silent-after", options->silent_after, "Ignore the health of a device not seen for longer")
      .value_name("TIME")
      .show_default();
  line.option("--sign", promotion.key,
              "An SSH key that signs a tag on each commit that enters or moves, for devices with trust.tags")
      .value_name("FILE");
  add_trust_options(line, options->trust);
  line.flag("--status", options->status, "Show each wave's commit and what holds it; move nothing");
  return [options](const Context& context) { return promote_now(context, *options); };
}

}  // namespace

const Subcommand promote_command{
    .name = "promote",
    .summary = "Promote commits from wave to wave, as far as the devices' health allows",
    .details =
        R"(Runs off the device: from a timer, in a CI job, or by hand. Commits enter at the first wave's ref (or at
--from) and move from wave to wave to the branch.

Exit codes: 0 moved, or nothing to move yet; 1 halted, because too many devices failed; 2 the command failed, or
a person must decide.

Examples:
  greenwave promote --repo ssh://git@git.example/traffic/fresno.git --health https://hub.example/health.json
  greenwave promote --repo https://git.example/fresno.git --status --health health.json
  greenwave promote --repo https://git.example/fresno.git --health hub
  greenwave promote --repo https://git.example/fresno.git --assume-healthy
  greenwave promote --repo https://git.example/fresno.git --health hub --from next --sign promote.key
  greenwave promote --repo https://git.example/fresno.git --health health.json --trust agent.yaml --signers signers
                                     moves no commit that lacks an approval of trust.paths)",
    .declare = declare_promote,
};

}  // namespace greenwave::cli
