#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/api.h"
#include "base/error.h"
#include "base/version.h"

namespace greenwave::hub {

namespace {

/// States name the event that they are as of, and what came later is told by /v1/events.
constexpr auto good_for = std::chrono::seconds(1);

// What the page draws: places, which change with the inventory's commit alone, and states, which change all
// the time. Both list the inventory's devices in one order, by their ids' bytes, so that a state is one
// letter: the first of its word. Texts that many have are listed once. Since when is in minutes, and 0 where
// nothing is wrong: nobody asks there.
constexpr const char* places_statement = R"sql(
WITH d AS MATERIALIZED (
  SELECT device, name, retired, labels, wave, position FROM greenwave.devices WHERE city = $1),
has AS MATERIALIZED (SELECT device, key || '=' || value AS label FROM d, jsonb_each_text(labels)),
label AS (SELECT label, row_number() OVER (ORDER BY count(*) DESC, label COLLATE "C") - 1 AS n FROM has GROUP BY label),
labelled AS (SELECT device, json_agg(n ORDER BY n) AS numbers FROM has JOIN label USING (label) GROUP BY device),
waves AS (SELECT wave, row_number() OVER (ORDER BY wave COLLATE "C") - 1 AS n FROM d GROUP BY wave)
SELECT json_build_object(
  'inventory', (SELECT commit FROM greenwave.inventories WHERE city = $1),
  'ids', coalesce(json_agg(device ORDER BY device COLLATE "C"), '[]'),
  'names', coalesce(json_agg(name ORDER BY device COLLATE "C"), '[]'),
  'x', coalesce(json_agg(round(ST_X(position) * 1e6)::bigint ORDER BY device COLLATE "C"), '[]'),
  'y', coalesce(json_agg(round(ST_Y(position) * 1e6)::bigint ORDER BY device COLLATE "C"), '[]'),
  'waves', (SELECT coalesce(json_agg(wave ORDER BY n), '[]') FROM waves),
  'waveOf', coalesce(json_agg(waves.n ORDER BY device COLLATE "C"), '[]'),
  'labels', (SELECT coalesce(json_agg(label ORDER BY n), '[]') FROM label),
  'labelsOf', coalesce(json_agg(coalesce(labelled.numbers, '[]') ORDER BY device COLLATE "C"), '[]'),
  'attribution', (SELECT attribution FROM greenwave.inventories WHERE city = $1),
  'retired', coalesce(json_agg(device ORDER BY device COLLATE "C") FILTER (WHERE retired), '[]'))::text
FROM d JOIN waves USING (wave) LEFT JOIN labelled USING (device)
)sql";

constexpr const char* states_statement = R"sql(
WITH d AS MATERIALIZED (
  SELECT device, listed, left(condition, 1) AS letter, commit, left(reason, 160) AS reason,
    CASE WHEN condition <> 'in-sync' THEN coalesce(floor(extract(epoch FROM since) / 60), 0)::bigint ELSE 0 END AS since
  FROM greenwave.device_states WHERE city = $1),
commits AS (SELECT commit, row_number() OVER (ORDER BY count(*) DESC, commit) - 1 AS n FROM d GROUP BY commit),
reasons AS (SELECT reason, row_number() OVER (ORDER BY count(*) DESC, reason) - 1 AS n FROM d GROUP BY reason),
e AS (
  SELECT d.*, commits.n AS commit_number, reasons.n AS reason_number
  FROM d JOIN commits USING (commit) JOIN reasons USING (reason))
SELECT json_build_object(
  'inventory', (SELECT commit FROM greenwave.inventories WHERE city = $1),
  'states', coalesce(string_agg(letter, '' ORDER BY device COLLATE "C") FILTER (WHERE listed), ''),
  'commits', (SELECT coalesce(json_agg(commit ORDER BY n), '[]') FROM commits),
  'commitOf', coalesce(json_agg(commit_number ORDER BY device COLLATE "C") FILTER (WHERE listed), '[]'),
  'reasons', (SELECT coalesce(json_agg(reason ORDER BY n), '[]') FROM reasons),
  'reasonOf', coalesce(json_agg(reason_number ORDER BY device COLLATE "C") FILTER (WHERE listed), '[]'),
  'sinceOf', coalesce(json_agg(since ORDER BY device COLLATE "C") FILTER (WHERE listed), '[]'),
  'unlisted', coalesce(json_agg(json_build_array(device, letter, commit_number, reason_number, since) ORDER BY device COLLATE "C")
    FILTER (WHERE NOT listed), '[]'))::text
FROM e
)sql";

/// As PostgreSQL writes the first member of a json_build_object.
std::string beginning(const std::string& inventory) {
  return inventory.empty() ? R"({"inventory" : null,)" : fmt::format(R"({{"inventory" : "{}",)", inventory);
}

}  // namespace

void show_states(Api& api, const Exchange& exchange, const Person&) {
  api.shared.reply(
      {.name = "map states", .sql = states_statement, .values = {api.config.city}}, exchange.responder,
      [](const SharedAnswer& answer) {
        HttpReply reply{.body = fmt::format(R"({{"event": "{}", )", answer.event)};
        reply.body += std::string_view(answer.text).substr(1);
        reply.headers.emplace_back("Cache-Control", "no-store");
        return reply;
      },
      good_for);
}

void show_places(Api& api, const Exchange& exchange, const Person&) {
  const auto inventory = exchange.request.parameter("inventory");
  const bool is_name = inventory.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_name) throw Error(Fault::invalid, "inventory is not a commit's id", "see /openapi.json");
  api.shared.reply(
      {.name = "map places", .sql = places_statement, .values = {api.config.city}}, exchange.responder,
      [inventory](const SharedAnswer& answer) {
        if (!answer.text.starts_with(beginning(inventory)))
          return refusal(404, "the inventory is that of another commit by now", "ask for /v1/states again");
        HttpReply reply{.body = answer.text};
        reply.headers.emplace_back("Cache-Control",
                                   inventory.empty() ? "no-store" : "private, max-age=31536000, immutable");
        reply.headers.emplace_back("Vary", "Authorization");
        return reply;
      },
      good_for);
}

void show_me(Api& api, const Exchange& exchange, const Person& person) {
  nlohmann::json me{{"name", person.name},
                    {"level", to_string(person.level)},
                    {"city", api.config.city},
                    {"version", program_version}};
  if (!api.config.tiles.empty()) me["tiles"] = api.config.tiles;
  exchange.responder->reply(json_reply(me));
}

}  // namespace greenwave::hub
