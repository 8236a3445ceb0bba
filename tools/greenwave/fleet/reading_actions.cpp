#include <array>
#include <memory>

#include <fmt/format.h>

#include "base/text.h"
#include "context/context.h"
#include "context/period.h"
#include "fleet/action.h"
#include "fleet/devices.h"
#include "fleet/overview.h"
#include "fleet/reading.h"
#include "fleet/table.h"
#include "report/condition.h"

namespace greenwave::fleet {

namespace {

std::vector<std::string> state_words() {
  const auto words = report::condition_words();
  return {words.begin(), words.end()};
}

Work declare_status(CommandLine&) {
  return [](cli::HubClient& hub, Time now, const cli::Style& style) {
    const auto summary = hub.get("/v1/summary");
    return Outcome{cli::json_text(summary), status_text(summary, now, style),
                   needs_attention(summary) ? 1 : 0};
  };
}

Outcome shown(const nlohmann::json& devices, Time now, const cli::Style& style, int exit_code) {
  return {cli::json_text(devices), devices_text(devices, now, style), exit_code};
}

Work declare_devices(CommandLine& line) {
  const auto filter = std::make_shared<Filter>();
  line.option("--state", filter->states, "In this state; several: any of them")
      .value_name("STATE")
      .one_of(state_words());
  line.option("--label", filter->labels, "With this label; several: all of them").value_name("KEY=VALUE");
  line.option("--wave", filter->wave, "In this wave").value_name("NAME");
  line.option("--commit", filter->commit, "That run this commit").value_name("COMMIT");
  line.option("--reason", filter->reason, "With exactly this reason, as status shows it").value_name("TEXT");
  line.option("-q", filter->text, "With this text in the id or the name").value_name("TEXT");
  line.option("--bbox", filter->box, "In this box, in degrees").value_name("WEST,SOUTH,EAST,NORTH");
  line.option("--within", filter->area, "In the polygons of this GeoJSON file").value_name("FILE");
  line.flag("--unlisted", filter->unlisted, "That report, and are not in the inventory");
  return [filter](cli::HubClient& hub, Time now, const cli::Style& style) {
    return shown(list(hub, *filter), now, style, 0);
  };
}

Work declare_device(CommandLine& line) {
  const auto id = std::make_shared<std::string>();
  line.option("ID", *id, "The device").required();
  return [id](cli::HubClient& hub, Time now, const cli::Style& style) {
    const auto device = hub.get("/v1/devices/" + cli::path_part(*id));
    return Outcome{cli::json_text(device), device_text(device, now, style),
                   is_trouble(raw_text_in(device, "state")) ? 1 : 0};
  };
}

Work declare_failing(CommandLine&) {
  return [](cli::HubClient& hub, Time now, const cli::Style& style) {
    Filter filter;
    filter.states = {"failed", "reverted"};
    const auto devices = list(hub, filter);
    return shown(devices, now, style, list_in(devices, "devices").empty() ? 0 : 1);
  };
}

Work declare_behind(CommandLine&) {
  return [](cli::HubClient& hub, Time now, const cli::Style& style) {
    const auto devices = list_behind(hub);
    return shown(devices, now, style, list_in(devices, "devices").empty() ? 0 : 1);
  };
}

Work declare_rollout(CommandLine&) {
  return [](cli::HubClient& hub, Time now, const cli::Style& style) {
    const auto rollout = hub.get("/v1/rollout");
    return Outcome{cli::json_text(rollout), rollout_text(rollout, now, style), has_failures(rollout) ? 1 : 0};
  };
}

Work declare_cities(CommandLine&) {
  return [](cli::HubClient& hub, Time, const cli::Style& style) {
    const auto cities = hub.get("/v1/cities");
    return Outcome{cli::json_text(cities), cities_text(cities, style),
                   needs_attention_in_cities(cities) ? 1 : 0};
  };
}

/// Of "2026-11-24T06:11:50.123Z": the trail has times to the millisecond.
std::string date_and_minute(const std::string& at) {
  return at.size() < 16 ? at : at.substr(0, 10) + " " + at.substr(11, 5);
}

struct AuditOptions {
  std::string since;
  std::string until;
};

/// The trail's path, with what was asked for.
std::string audit_path(const AuditOptions& options, Time now) {
  const auto period = cli::period_from(options.since, options.until, now);
  std::string query;
  const auto add = [&query](const char* name, const std::optional<Time>& time) {
    if (time) query += fmt::format("{}{}={}", query.empty() ? '?' : '&', name, to_iso(*time));
  };
  add("since", period.since);
  add("until", period.until);
  return "/v1/audit" + query;
}

Work declare_audit(CommandLine& line) {
  const auto options = std::make_shared<AuditOptions>();
  line.option("--since", options->since, "From when: 2h (ago), 2026-11-24, 2026-11-24T06:00:00Z")
      .value_name("WHEN");
  line.option("--until", options->until, "And until when").value_name("WHEN");
  return [options](cli::HubClient& hub, Time now, const cli::Style& style) {
    auto lines = hub.get_text(audit_path(*options, now));
    Table table({{"AT", 16}, {"WHO", 12}, {"ACTION", 17}, {"SUBJECT", 12}, {"FROM", 15}});
    for (const auto entry : split(lines, '\n')) {
      const auto one = nlohmann::json::parse(entry, nullptr, false);
      if (!one.is_object()) continue;
      table.add({{date_and_minute(text_in(one, "at"))},
                 {text_in(one, "who")},
                 {text_in(one, "action")},
                 {text_in(one, "subject")},
                 {text_in(one, "from")}});
    }
    return Outcome{std::move(lines), table.text(style), 0};
  };
}

constexpr std::array reading{
    Action{
        "status", "The city's devices in numbers, and what is wrong",
        R"(Exit codes: 0 all is well, 1 devices failed, were reverted or are silent, or the inventory does not agree with
them, 2 the hub could not be asked.

Examples:
  greenwave fleet status
  greenwave fleet status -o json | jq .counts)",
        declare_status},
    Action{"devices", "The devices, or those that match",
           R"(States: in-sync, applying, waiting, held, paused, failed, reverted, not-reporting.
Exit codes: 0 listed, 2 the hub could not be asked.

Examples:
  greenwave fleet devices --state not-reporting --label model=atc-5201
  greenwave fleet devices -q castro
  greenwave fleet devices --within corridors/fulton.geojson -o json | jq -r '.devices[].id')",
           declare_devices},
    Action{
        "device", "Everything about one device: state, reasons, history, syncs, certificates",
        R"(Exit codes: 0 it is well, 1 it failed, was reverted or is silent, 2 there is no such device, or the hub could not be
asked.

Examples:
  greenwave fleet device sf-0042)",
        declare_device},
    Action{"failing", "The devices that failed or were reverted, and why",
           R"(Exit codes: 0 there are none, 1 there are some, 2 the hub could not be asked.

Examples:
  greenwave fleet failing)",
           declare_failing},
    Action{"behind", "The devices that do not run their wave's commit",
           R"(Exit codes: 0 there are none, 1 there are some, 2 the hub could not be asked.

Examples:
  greenwave fleet behind)",
           declare_behind},
    Action{
        "rollout", "How far each wave is with its commit",
        R"(In a wave's bar, # is healthy at its commit, ! failed or reverted, ? silent, and . not there yet.
Exit codes: 0 no failures, 1 devices failed or were reverted, 2 the hub could not be asked.

Examples:
  greenwave fleet rollout)",
        declare_rollout},
    Action{
        "cities", "The cities that the hub knows of, and how old what it knows is",
        R"(Asked of greenwave-hub --cities, each of its cities has a line; a city's own hub knows that city alone.
Exit codes: 0 all is well, 1 a city's hub does not answer, or devices failed, 2 the hub could not be asked.

Examples:
  greenwave fleet cities --hub https://cities.example)",
        declare_cities},
    Action{"audit", "Who did what when, from which address; the latest first",
           R"(With -o json, a line of JSON for each. Needs a token of the level approve.
Exit codes: 0 shown, 2 the hub could not be asked.

Examples:
  greenwave fleet audit --since 30d
  greenwave fleet audit --since 2026-11-01 --until 2026-12-01 -o json > november.jsonl)",
           declare_audit},
};

}  // namespace

std::span<const Action> reading_actions() {
  return reading;
}

}  // namespace greenwave::fleet
