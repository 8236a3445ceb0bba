#include "intake/batch.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace greenwave::hub {

namespace {

// A state that is the same is not written again, whatever the times and counters in it. Rows are locked in
// the order of the devices, so that two hubs never wait for each other in a circle. pg_notify takes 8,000
// bytes: the changes are spread by their size.
constexpr const char* statement = R"sql(
WITH incoming AS MATERIALIZED (
  SELECT * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
                       $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::text[])
    AS t(device, boot, sequence, clock, condition, health, commit, target, wave, reason, version, fingerprint, detail)),
seen AS (
  INSERT INTO greenwave.presence AS p (city, device, boot, sequence, seen, clock, silent, woke)
  SELECT $1, device, boot, sequence, now(), clock, false, false FROM incoming ORDER BY device
  ON CONFLICT (city, device) DO UPDATE SET boot = EXCLUDED.boot, sequence = EXCLUDED.sequence,
    seen = EXCLUDED.seen, clock = EXCLUDED.clock, silent = false, woke = p.silent
    WHERE (p.boot, p.sequence) < (EXCLUDED.boot, EXCLUDED.sequence)
  RETURNING device, woke),
changed AS (
  INSERT INTO greenwave.states AS s (city, device, boot, sequence, received, since, condition, health, commit, target,
                                     wave, reason, version, fingerprint, previous, detail)
  SELECT $1, i.device, i.boot, i.sequence, now(), now(), i.condition, i.health, i.commit, i.target, i.wave, i.reason,
         i.version, i.fingerprint, NULL, i.detail::jsonb
  FROM incoming i JOIN seen USING (device)
  WHERE i.condition IS NOT NULL AND NOT EXISTS (SELECT FROM greenwave.states same WHERE same.city = $1
    AND same.device = i.device AND same.boot = i.boot AND same.fingerprint = i.fingerprint)
  ORDER BY device
  ON CONFLICT (city, device) DO UPDATE SET boot = EXCLUDED.boot, sequence = EXCLUDED.sequence,
    received = EXCLUDED.received,
    since = CASE WHEN s.condition = EXCLUDED.condition THEN s.since ELSE EXCLUDED.since END,
    condition = EXCLUDED.condition, health = EXCLUDED.health, commit = EXCLUDED.commit, target = EXCLUDED.target,
    wave = EXCLUDED.wave, reason = EXCLUDED.reason, version = EXCLUDED.version, fingerprint = EXCLUDED.fingerprint,
    previous = s.fingerprint, detail = EXCLUDED.detail
  RETURNING device, boot, sequence, condition, health, commit, target, reason, previous IS DISTINCT FROM fingerprint AS
            differs),
told AS (
  SELECT c.* FROM changed c JOIN seen USING (device) WHERE c.differs OR seen.woke
  UNION ALL
  SELECT i.device, i.boot, i.sequence, s.condition, s.health, s.commit, s.target, s.reason, true
  FROM incoming i JOIN seen USING (device) JOIN greenwave.states s ON s.city = $1 AND s.device = i.device
  WHERE seen.woke AND NOT EXISTS (SELECT FROM changed c WHERE c.device = i.device)),
written AS (
  INSERT INTO greenwave.history (city, device, at, boot, sequence, condition, health, commit, target, reason)
  SELECT $1, device, now(), boot, sequence, condition, health, commit, target, reason FROM told),
recorded AS (
  INSERT INTO greenwave.syncs (city, device, started, number, result, commit, body)
  SELECT $1, r.device, least(r.started, now() + interval '1 day'), r.number, r.result, r.commit, r.body::jsonb
  FROM unnest($15::text[], $16::timestamptz[], $17::bigint[], $18::text[], $19::text[], $20::text[])
    AS r(device, started, number, result, commit, body)
  ON CONFLICT DO NOTHING),
asked AS (
  UPDATE greenwave.requests q SET told = now() FROM seen WHERE q.city = $1 AND q.device = seen.device AND q.told IS NULL
  RETURNING q.device, q.who, q.reason),
notified AS MATERIALIZED (
  SELECT pg_notify('greenwave', '[' || string_agg(line, ',') || ']')
  FROM (SELECT line, sum(octet_length(line) + 1) OVER (ROWS UNBOUNDED PRECEDING) / 6000 AS chunk
        FROM (SELECT json_build_object('device', device, 'condition', condition, 'health', health, 'commit', commit,
                'reason', left(reason, 160), 'at', extract(epoch FROM now())::bigint)::text AS line FROM told) lines) c
  GROUP BY chunk)
SELECT i.device, s.device IS NOT NULL, p.boot, st.boot IS NOT NULL AND st.boot = i.boot, a.who, a.reason
FROM incoming i
LEFT JOIN seen s USING (device)
LEFT JOIN greenwave.presence p ON p.city = $1 AND p.device = i.device
LEFT JOIN greenwave.states st ON st.city = $1 AND st.device = i.device
LEFT JOIN (SELECT DISTINCT ON (device) * FROM asked) a ON a.device = i.device,
(SELECT count(*) FROM notified) AS done
)sql";

/// The arrays $2 to $14.
enum Column {
  device,
  boot,
  sequence,
  clock,
  condition,
  health,
  commit,
  target,
  wave,
  reason,
  version,
  fingerprint,
  detail,
  columns
};

using Columns = std::array<ArrayText, columns>;

void add_state(Columns& to, const std::optional<DeviceState>& state) {
  if (!state) {
    for (const auto column :
         {condition, health, commit, target, wave, reason, version, fingerprint, detail}) {
      to.at(column).add_null();
    }
    return;
  }
  to.at(condition).add(state->condition);
  to.at(health).add(state->health);
  to.at(commit).add(state->commit);
  to.at(target).add(state->target);
  to.at(wave).add(state->wave);
  to.at(reason).add(state->reason);
  to.at(version).add(state->version);
  to.at(fingerprint).add_plain(std::to_string(state->fingerprint));
  to.at(detail).add(state->detail);
}

std::vector<Value> sync_values(std::span<const Report> reports) {
  std::array<ArrayText, 6> of_syncs;
  auto& [devices, started, numbers, results, commits, bodies] = of_syncs;
  for (const auto& report : reports) {
    for (const auto& sync : report.syncs) {
      devices.add(report.device);
      started.add(to_iso(sync.started));
      numbers.add_plain(std::to_string(sync.number));
      results.add(sync.result);
      commits.add(sync.commit);
      bodies.add(sync.body);
    }
  }
  std::vector<Value> values;
  for (auto& one : of_syncs) values.emplace_back(one.take());
  return values;
}

}  // namespace

Query batch_of(const std::string& city, std::span<const Report> reports) {
  Columns to;
  for (const auto& report : reports) {
    to.at(device).add(report.device);
    to.at(boot).add_plain(std::to_string(report.boot));
    to.at(sequence).add_plain(std::to_string(report.sequence));
    to.at(clock).add(to_iso(report.clock));
    add_state(to, report.state);
  }
  // Planned anew each time, by the size of its arrays: a plan for any size compares each row with each other.
  Query query{.name = nullptr, .sql = statement, .values = {city}};
  for (auto& column : to) query.values.emplace_back(column.take());
  auto syncs = sync_values(reports);
  std::ranges::move(syncs, std::back_inserter(query.values));
  return query;
}

}  // namespace greenwave::hub
