#include <string>

#include <nlohmann/json.hpp>

#include "api/api.h"
#include "base/error.h"
#include "cities/roster.h"

namespace greenwave::hub {

namespace {

// A device has a wave's commit when it runs it, and failed or was reverted when that commit is what it should
// run. What a device that no longer reports last said does not count as healthy: it is silent.
constexpr const char* rollout_statement = R"sql(
WITH d AS MATERIALIZED (
  SELECT s.*, r.commit AS wanted, condition = 'not-reporting' AS silent
  FROM greenwave.device_states s JOIN greenwave.refs r ON r.city = s.city AND r.wave = s.wave
  WHERE s.city = $1 AND s.listed AND NOT s.retired),
per AS (
  SELECT wave, count(*) AS devices, count(*) FILTER (WHERE commit = wanted) AS has,
    count(*) FILTER (WHERE NOT silent AND commit = wanted AND health = 'healthy') AS healthy,
    count(*) FILTER (WHERE NOT silent AND health = 'failed' AND (commit = wanted OR target = wanted)) AS failed,
    count(*) FILTER (WHERE NOT silent AND health = 'reverted' AND target = wanted) AS reverted,
    count(*) FILTER (WHERE silent) AS silent
  FROM d GROUP BY wave),
reasons AS (
  SELECT wave, reason, count(*) AS n, (array_agg(device ORDER BY device))[1:5] AS examples
  FROM d WHERE NOT silent AND health IN ('failed', 'reverted') GROUP BY wave, reason)
SELECT json_build_object('commit', (SELECT commit FROM greenwave.inventories WHERE city = $1), 'waves', coalesce(json_agg(json_build_object(
  'wave', r.wave, 'ref', r.ref, 'commit', r.commit, 'subject', r.subject, 'author', r.author,
  'since', to_char(r.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
  'devices', coalesce(per.devices, 0), 'has', coalesce(per.has, 0), 'healthy', coalesce(per.healthy, 0),
  'failed', coalesce(per.failed, 0), 'reverted', coalesce(per.reverted, 0), 'silent', coalesce(per.silent, 0),
  'reasons', (SELECT coalesce(json_agg(json_build_object('reason', reason, 'devices', n, 'examples', examples) ORDER BY n DESC), '[]')
              FROM (SELECT * FROM reasons WHERE reasons.wave = r.wave ORDER BY n DESC LIMIT 20) w))
  ORDER BY r.wave = '', r.wave), '[]'))::text
FROM greenwave.refs r LEFT JOIN per USING (wave) WHERE r.city = $1
)sql";

constexpr const char* summary_statement = R"sql(
WITH d AS MATERIALIZED (SELECT condition, reason, listed, retired, device, seen FROM greenwave.device_states WHERE city = $1)
SELECT json_build_object('city', $1::text, 'total', (SELECT count(*) FROM d),
  'counts', (SELECT coalesce(json_object_agg(condition, n), '{}') FROM (SELECT condition, count(*) AS n FROM d WHERE NOT retired GROUP BY 1) c),
  'unlisted', (SELECT count(*) FROM d WHERE NOT listed), 'retired', (SELECT count(*) FROM d WHERE retired),
  'reasons', (SELECT coalesce(json_agg(json_build_object('state', condition, 'reason', reason, 'devices', n, 'examples', examples) ORDER BY n DESC), '[]')
    FROM (SELECT condition, reason, count(*) AS n, (array_agg(device ORDER BY device))[1:5] AS examples FROM d
          WHERE condition IN ('failed', 'reverted', 'waiting', 'applying') AND reason <> '' GROUP BY 1, 2 ORDER BY n DESC LIMIT 50) r),
  'inventory', (SELECT json_build_object('commit', commit, 'readAt', to_char(read_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                'problems', problems) FROM greenwave.inventories WHERE city = $1),
  'lastReport', (SELECT to_char(max(seen) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM d))::text
)sql";

// The city in numbers, as an answer to /v1/cities has it.
std::string city_statement() {
  return std::string(R"sql(
WITH c AS MATERIALIZED (SELECT condition, listed, retired, seen FROM greenwave.device_states WHERE city = $1),
extent AS (SELECT ST_Extent(position) AS box FROM greenwave.devices WHERE city = $1 AND NOT retired)
SELECT json_build_object('cities', json_build_array(json_build_object('city', $1::text, 'figures', json_build_object(
  'total', (SELECT count(*) FROM c), 'unlisted', (SELECT count(*) FROM c WHERE NOT listed),
  'retired', (SELECT count(*) FROM c WHERE retired),
  'counts', (SELECT coalesce(json_object_agg(condition, n), '{}') FROM (SELECT condition, count(*) AS n FROM c WHERE NOT retired GROUP BY 1) n),
  'lastReport', (SELECT to_char(max(seen) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM c),
  'bounds', (SELECT json_build_array(ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)) FROM extent WHERE box IS NOT NULL),
  'waves', ()sql") +
         rollout_statement + ")::json->'waves'))))::text";
}

}  // namespace

void show_cities(Api& api, const Exchange& exchange, const Person&) {
  api.reader.ask({.name = "city", .sql = city_statement(), .values = {api.config.city}},
                 [&api, responder = exchange.responder](const Answer& answer) {
                   if (answer.failure()) {
                     responder->reply(reply_for(*answer.failure()));
                     return;
                   }
                   const auto now = SystemClock().now();
                   KnownCity own{.city = api.config.city, .url = {}, .at = now};
                   try {
                     own.figures = read_figures(answer.text(0, 0), own.city);
                   } catch (const Error& error) {
                     own.error = error.message();
                   }
                   std::vector<KnownCity> cities{std::move(own)};
                   if (api.neighbours != nullptr) {
                     const auto& others = api.neighbours->cities();
                     cities.insert(cities.end(), others.begin(), others.end());
                   }
                   responder->reply(json_reply(cities_json(cities, now)));
                 });
}

void show_rollout(Api& api, const Exchange& exchange, const Person&) {
  api.reader.ask({.name = "rollout", .sql = rollout_statement, .values = {api.config.city}},
                 reply_with_json(exchange.responder));
}

void show_summary(Api& api, const Exchange& exchange, const Person&) {
  api.reader.ask({.name = "summary", .sql = summary_statement, .values = {api.config.city}},
                 reply_with_json(exchange.responder));
}

void follow_events(Api& api, const Exchange& exchange, const Person&) {
  HttpReply head{.type = "text/event-stream"};
  head.headers.emplace_back("Cache-Control", "no-store");
  head.headers.emplace_back("X-Accel-Buffering", "no");  // nginx passes each event at once
  api.events.add(exchange.responder->stream(std::move(head)), exchange.request.header("last-event-id"));
}

void show_metrics(Api& api, const Exchange& exchange, const Person&) {
  exchange.responder->reply({.type = "text/plain; version=0.0.4", .body = api.metrics()});
}

}  // namespace greenwave::hub
