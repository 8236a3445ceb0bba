#include "rollout/rollout.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::hub {

namespace {

using nlohmann::json;

// A device has a wave's commit when it runs it, and failed or was reverted when that commit is what it should
// run. What a device that no longer reports last said does not count as healthy: it is silent. Each device of
// a wave is one of healthy, failed, reverted, silent and underway, or at another commit. Its standing is what
// `greenwave promote` counts: a failure at this commit stays one, heard of or not.
constexpr const char* statement = R"sql(
WITH d AS MATERIALIZED (
  SELECT s.*, r.commit AS wanted, condition = 'not-reporting' AS silent,
    CASE WHEN health IN ('failed', 'reverted') AND coalesce(nullif(target, ''), s.commit) = r.commit THEN 'failed'
         WHEN condition = 'not-reporting' THEN 'silent'
         WHEN health = 'healthy' AND s.commit = r.commit THEN 'healthy'
         WHEN coalesce(nullif(target, ''), s.commit) = r.commit THEN 'underway'
         WHEN s.seen < r.since THEN 'silent' ELSE 'elsewhere' END AS standing,
    s.commit = r.commit OR s.target = r.commit AS is_there
  FROM greenwave.device_states s JOIN greenwave.refs r ON r.city = s.city AND r.wave = s.wave
  WHERE s.city = $1 AND s.listed AND NOT s.retired),
per AS (
  SELECT wave, count(*) AS devices, count(*) FILTER (WHERE commit = wanted) AS has,
    count(*) FILTER (WHERE NOT silent AND commit = wanted AND health = 'healthy') AS healthy,
    count(*) FILTER (WHERE NOT silent AND health = 'failed' AND (commit = wanted OR target = wanted)) AS failed,
    count(*) FILTER (WHERE NOT silent AND health = 'reverted' AND target = wanted) AS reverted,
    count(*) FILTER (WHERE silent) AS silent,
    count(*) FILTER (WHERE NOT silent AND is_there AND NOT (health = 'failed' OR health = 'reverted' AND target = wanted
      OR health = 'healthy' AND commit = wanted)) AS underway,
    json_build_object('reported', count(*) FILTER (WHERE standing IN ('failed', 'healthy', 'underway')),
      'healthy', count(*) FILTER (WHERE standing = 'healthy'), 'failed', count(*) FILTER (WHERE standing = 'failed'),
      'silent', count(*) FILTER (WHERE standing = 'silent')) AS tally
  FROM d GROUP BY wave),
reasons AS (
  SELECT wave, reason, count(*) AS n, (array_agg(device ORDER BY device))[1:5] AS examples
  FROM d WHERE standing = 'failed' GROUP BY wave, reason)
SELECT json_build_object('commit', (SELECT commit FROM greenwave.inventories WHERE city = $1),
  'gates', (SELECT waves FROM greenwave.inventories WHERE city = $1), 'waves', coalesce(json_agg(json_build_object(
  'wave', r.wave, 'ref', r.ref, 'commit', r.commit, 'subject', r.subject, 'author', r.author,
  'signer', (SELECT told.signer FROM (SELECT s.detail->'signedBy'->>'principal' AS signer FROM greenwave.states s
               WHERE s.city = $1 AND s.commit = r.commit LIMIT 200) told WHERE told.signer IS NOT NULL
             GROUP BY told.signer ORDER BY count(*) DESC, told.signer LIMIT 1),
  'since', to_char(r.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
  'devices', coalesce(per.devices, 0), 'has', coalesce(per.has, 0), 'healthy', coalesce(per.healthy, 0),
  'failed', coalesce(per.failed, 0), 'reverted', coalesce(per.reverted, 0), 'silent', coalesce(per.silent, 0),
  'underway', coalesce(per.underway, 0),
  'tally', per.tally, 'age', extract(epoch FROM now() - r.since)::bigint,
  'limits', (SELECT w FROM greenwave.inventories i, jsonb_array_elements(i.waves) w WHERE i.city = $1 AND w->>'name' = r.wave LIMIT 1),
  'reasons', (SELECT coalesce(json_agg(json_build_object('reason', reason, 'devices', n, 'examples', examples) ORDER BY n DESC), '[]')
              FROM (SELECT * FROM reasons WHERE reasons.wave = r.wave ORDER BY n DESC, reason LIMIT 20) w))
  ORDER BY r.wave = '', r.wave), '[]'))::text
FROM greenwave.refs r LEFT JOIN per USING (wave) WHERE r.city = $1
)sql";

Wave limits_in(const json& from) {
  Wave limits;
  if (!from.is_object()) return limits;
  limits.reported_percent = from.at("reportedPercent").get<double>();
  limits.healthy_percent = from.at("healthyPercent").get<double>();
  limits.failed_percent = from.at("failedPercent").get<double>();
  limits.silent_after = Duration(from.at("silentAfterMs").get<std::int64_t>());
  return limits;
}

WaveTally tally_in(const json& wave) {
  WaveTally tally{.devices = wave.at("devices").get<std::size_t>()};
  const auto& from = wave.at("tally");
  if (!from.is_object()) return tally;  // no device is in it
  tally.reported = from.at("reported").get<std::size_t>();
  tally.healthy = from.at("healthy").get<std::size_t>();
  tally.failed = from.at("failed").get<std::size_t>();
  tally.silent = from.at("silent").get<std::size_t>();
  return tally;
}

WaveStanding standing_in(const json& wave) {
  WaveStanding standing{.wave = wave.at("wave").get<std::string>(),
                        .commit = wave.at("commit").get<std::string>(),
                        .subject = wave.at("subject").get<std::string>(),
                        .tally = tally_in(wave),
                        .failures = {}};
  for (const auto& reason : wave.at("reasons")) {
    standing.failures.push_back({.reason = reason.at("reason").get<std::string>(),
                                 .devices = reason.at("devices").get<std::size_t>(),
                                 .examples = reason.at("examples").get<std::vector<std::string>>()});
  }
  const auto limits = limits_in(wave.at("limits"));
  const WaveHealth health(limits, standing.tally, std::chrono::seconds(wave.at("age").get<std::int64_t>()));
  standing.is_done = standing.tally.devices == 0 || (health.enough_reported() && health.enough_healthy());
  if (health.is_halted()) {
    standing.halted =
        fmt::format("{} of {}{} in {} failed, more than {} percent", standing.tally.failed,
                    count_of(health.answering(), "device"), health.enough_reported() ? " that reported" : "",
                    standing.name(), limits.failed_percent);
  }
  return standing;
}

}  // namespace

Query rollout_query(const std::string& city) {
  return {.name = "rollout", .sql = statement, .values = {city}};
}

Rollout read_rollout(std::string_view text) {
  Rollout rollout;
  try {
    auto answer = json::parse(text);
    for (auto& wave : answer.at("waves")) {
      rollout.waves.push_back(standing_in(wave));
      for (const auto* inner : {"age", "limits"}) wave.erase(inner);
      const auto& halted = rollout.waves.back().halted;
      wave["halted"] = halted.empty() ? json(nullptr) : json(halted);
    }
    rollout.answer = answer.dump(-1, ' ', false, json::error_handler_t::replace);
  } catch (const json::exception& error) {
    throw Error(Fault::internal, fmt::format("the rollout cannot be read: {}", error.what()));
  }
  return rollout;
}

}  // namespace greenwave::hub
