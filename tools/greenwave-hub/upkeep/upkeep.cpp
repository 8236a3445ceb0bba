#include "upkeep/upkeep.h"

#include <algorithm>

#include <fmt/format.h>

namespace greenwave::hub {

namespace {

constexpr Duration longest_pause = std::chrono::seconds(10);
constexpr auto partitions_every = std::chrono::hours(6);

// SKIP LOCKED: a device that reports just now is not silent, and another hub may be at the same.
constexpr const char* silent_statement = R"sql(
WITH late AS (
  SELECT device FROM greenwave.presence WHERE city = $1 AND NOT silent AND seen < now() - make_interval(secs => $2::float8)
  ORDER BY device LIMIT 5000 FOR UPDATE SKIP LOCKED),
gone AS (
  UPDATE greenwave.presence p SET silent = true FROM late WHERE p.city = $1 AND p.device = late.device
  RETURNING p.device, p.boot, p.sequence, p.seen),
told AS (
  INSERT INTO greenwave.history (city, device, at, boot, sequence, condition, health, commit, target, reason)
  SELECT $1, g.device, now(), g.boot, g.sequence, 'not-reporting', s.health, s.commit, s.target, ''
  FROM gone g JOIN greenwave.states s ON s.city = $1 AND s.device = g.device
  RETURNING device, commit, health),
notified AS MATERIALIZED (
  SELECT pg_notify('greenwave', (SELECT json_agg(json_build_object('device', n.device, 'condition', 'not-reporting', 'health', n.health,
           'commit', n.commit, 'at', extract(epoch FROM n.seen)::bigint))::text
    FROM (SELECT *, (row_number() OVER () - 1) / 40 AS chunk FROM told JOIN gone USING (device)) n WHERE n.chunk = c.chunk))
  FROM generate_series(0, (SELECT count(*) - 1 FROM told) / 40) AS c(chunk) WHERE EXISTS (SELECT FROM told))
SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM notified)
)sql";

/// Makes the months' partitions ahead, and drops what is older than is kept.
std::string partitions_statement(const std::string& table, Duration keep) {
  return fmt::format(R"sql(
DO $do$
DECLARE month timestamptz; old record; BEGIN
  FOR ahead IN 0..2 LOOP
    month := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + make_interval(months => ahead);
    EXECUTE format('CREATE TABLE IF NOT EXISTS greenwave.%I PARTITION OF greenwave.{0} FOR VALUES FROM (%L) TO (%L)',
      '{0}_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'), month, month + interval '1 month');
  END LOOP;
  FOR old IN SELECT relname FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
      WHERE i.inhparent = 'greenwave.{0}'::regclass AND relname ~ '_[0-9]{{4}}_[0-9]{{2}}$'
        AND to_date(right(relname, 7), 'YYYY_MM') + interval '1 month' < now() - make_interval(secs => {1}) LOOP
    EXECUTE format('DROP TABLE greenwave.%I', old.relname);
  END LOOP;
END $do$)sql",
                     table, std::chrono::duration_cast<std::chrono::seconds>(keep).count());
}

}  // namespace

Upkeep::Upkeep(const HubConfig& config, Loop& loop, const Log& log, Connection& writer, Connection& reader)
    : config_(config), loop_(loop), log_(log), writer_(writer), reader_(reader) {}

Upkeep::~Upkeep() {
  loop_.cancel(sweep_);
  loop_.cancel(partitions_);
}

void Upkeep::begin() {
  begun_ = std::chrono::steady_clock::now();
  loop_.cancel(sweep_);
  loop_.cancel(partitions_);
  look_after_partitions();
  sweep();
}

void Upkeep::sweep() {
  sweep_ = loop_.after(std::min(longest_pause, config_.silent_after / 2), [this] { sweep(); });
  // After a time without a hub or its database, devices get as long as always to be heard of.
  if (std::chrono::steady_clock::now() - begun_ > config_.silent_after) note_silent();
  count();
}

void Upkeep::note_silent() {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(config_.silent_after).count();
  writer_.ask({.name = "silent", .sql = silent_statement, .values = {config_.city, std::to_string(seconds)}},
              [this](const Answer& answer) {
                if (const auto& failure = answer.failure(); failure && !failure->unavailable) {
                  log_.warning(fmt::format("silent devices could not be noted: {}", failure->message));
                }
              });
}

void Upkeep::count() {
  reader_.ask({.name = "count",
               .sql = "SELECT condition, count(*) FROM greenwave.device_states WHERE city = $1 AND NOT "
                      "retired GROUP BY 1",
               .values = {config_.city}},
              [this](const Answer& answer) {
                if (answer.failure()) return;
                counts_.clear();
                for (int row = 0; row < answer.rows(); ++row)
                  counts_[std::string(answer.text(row, 0))] = answer.number(row, 1);
              });
}

void Upkeep::look_after_partitions() {
  partitions_ = loop_.after(partitions_every, [this] { look_after_partitions(); });
  for (const auto* table : {"history", "syncs"}) {
    writer_.ask({.sql = partitions_statement(table, config_.keep_history)}, [this,
                                                                             table](const Answer& answer) {
      // Another hub may make the same one: then it is there.
      if (const auto& failure = answer.failure(); failure && !failure->unavailable) {
        log_.debug(fmt::format("the partitions of {} were not looked after: {}", table, failure->message));
      }
    });
  }
}

}  // namespace greenwave::hub
