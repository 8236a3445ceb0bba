#include "api/api.h"

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

}  // namespace

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
