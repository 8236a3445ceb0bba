#include "notices/queue.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace greenwave::hub {

namespace {

constexpr const char* halt_statement = R"sql(
WITH fresh AS (
  INSERT INTO greenwave.notices (city, kind, subject, at, body)
  SELECT $1::text, 'reason', $2::text || ' ' || md5(r), now(), jsonb_build_object('reason', r) FROM unnest($3::text[]) r
  WHERE NOT EXISTS (SELECT FROM greenwave.notices WHERE city = $1 AND kind = 'halt' AND subject = $2::text
                    AND at > now() - make_interval(secs => $6::float8))
  ORDER BY r
  ON CONFLICT DO NOTHING RETURNING 1),
halt AS (
  INSERT INTO greenwave.notices AS n (city, kind, subject, at, body)
  VALUES ($1::text, 'halt', $2::text, now(), $5::jsonb || jsonb_build_object('open', EXISTS (SELECT FROM fresh), 'seen', extract(epoch FROM now())))
  ON CONFLICT (city, kind, subject) DO UPDATE SET at = CASE WHEN EXISTS (SELECT FROM fresh) THEN now() ELSE n.at END,
    body = CASE WHEN EXISTS (SELECT FROM fresh) THEN EXCLUDED.body ELSE n.body || jsonb_build_object('seen', extract(epoch FROM now())) END
  WHERE EXISTS (SELECT FROM fresh) OR (n.body->>'seen')::float8 < extract(epoch FROM now()) - $6::float8 / 4),
queued AS (
  INSERT INTO greenwave.notices (city, kind, subject, at, due, body)
  SELECT $1::text, channel, $2::text || ' ' || id, now(), now(), $5::jsonb || jsonb_build_object('id', $2::text || '-' || id, 'event', 'halted',
    'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
  FROM unnest($4::text[]) channel, (SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS') AS id) i WHERE EXISTS (SELECT FROM fresh))
SELECT count(*) FROM fresh
)sql";

constexpr const char* over_statement = R"sql(
WITH closed AS (
  UPDATE greenwave.notices SET at = now(), body = body || '{"open": false}'
  WHERE city = $1 AND kind = 'halt' AND body->>'open' = 'true' AND subject <> ALL($2::text[])
    AND (body->>'seen')::float8 < extract(epoch FROM now()) - $4::float8
  RETURNING subject, body),
forgotten AS (
  DELETE FROM greenwave.notices r USING closed c WHERE r.city = $1 AND r.kind = 'reason' AND starts_with(r.subject, c.subject || ' ')),
queued AS (
  INSERT INTO greenwave.notices (city, kind, subject, at, due, body)
  SELECT $1::text, channel, c.subject || ' ' || id, now(), now(), c.body - 'open' - 'seen' || jsonb_build_object('id', c.subject || '-' || id,
    'event', 'over', 'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
  FROM closed c, unnest($3::text[]) channel, (SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS') AS id) i)
SELECT count(*) FROM closed
)sql";

constexpr const char* status_statement = R"sql(
INSERT INTO greenwave.notices AS n (city, kind, subject, at, due, body) VALUES ($1::text, 'status', $2, now(), now(), $3::jsonb)
ON CONFLICT (city, kind, subject) DO UPDATE SET at = now(), due = now(), told = NULL, tries = 0, body = EXCLUDED.body
WHERE n.body->>'state' <> EXCLUDED.body->>'state'
)sql";

constexpr const char* take_statement = R"sql(
UPDATE greenwave.notices n SET due = now() + interval '2 minutes', tries = tries + 1
FROM (SELECT kind, subject FROM greenwave.notices q
      WHERE city = $1 AND kind = ANY($2::text[]) AND told IS NULL AND due <= now()
        AND (kind = 'status' OR NOT EXISTS (SELECT FROM greenwave.notices e WHERE e.city = $1 AND e.kind = q.kind AND e.told IS NULL
                                              AND e.due IS NOT NULL AND e.at < q.at))
      ORDER BY at LIMIT 10 FOR UPDATE SKIP LOCKED) first
WHERE n.city = $1 AND n.kind = first.kind AND n.subject = first.subject
RETURNING n.kind, n.subject, n.tries, n.body::text
)sql";

constexpr const char* put_off_statement = R"sql(
UPDATE greenwave.notices SET due = CASE WHEN at < now() - interval '3 days' THEN NULL ELSE now() + make_interval(secs => $5::float8) END
WHERE city = $1 AND kind = $2 AND subject = $3 AND body = $4::jsonb AND told IS NULL
)sql";

std::string seconds(Duration duration) {
  return fmt::format("{}", static_cast<double>(duration.count()) / 1000);
}

std::string array_of(const std::vector<std::string>& texts) {
  ArrayText array;
  for (const auto& text : texts) array.add(text);
  return array.take();
}

std::string as_value(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Query tell_halt(const std::string& city, const std::string& commit, const std::vector<std::string>& reasons,
                const std::vector<std::string>& channels, const nlohmann::json& notice, Duration pace) {
  return {.name = "tell_halt",
          .sql = halt_statement,
          .values = {city, commit, array_of(reasons), array_of(channels), as_value(notice), seconds(pace)}};
}

Query tell_over(const std::string& city, const std::vector<std::string>& halted,
                const std::vector<std::string>& channels, Duration pace) {
  return {.name = "tell_over",
          .sql = over_statement,
          .values = {city, array_of(halted), array_of(channels), seconds(pace)}};
}

Query tell_status(const std::string& city, const std::string& commit, const nlohmann::json& status) {
  return {.name = "tell_status", .sql = status_statement, .values = {city, commit, as_value(status)}};
}

Query take_due(const std::string& city, const std::vector<std::string>& kinds) {
  return {.name = "take_due", .sql = take_statement, .values = {city, array_of(kinds)}};
}

Query settle(const std::string& city, const std::string& kind, const std::string& subject,
             const std::string& body) {
  return {.name = "settle",
          .sql =
              "UPDATE greenwave.notices SET told = now(), due = NULL WHERE city = $1 AND kind = $2 AND "
              "subject = $3 AND body = $4::jsonb",
          .values = {city, kind, subject, body}};
}

Query put_off(const std::string& city, const std::string& kind, const std::string& subject,
              const std::string& body, Duration pause) {
  return {.name = "put_off", .sql = put_off_statement, .values = {city, kind, subject, body, seconds(pause)}};
}

Query count_waiting(const std::string& city) {
  return {
      .name = "notices_waiting",
      .sql = "SELECT count(*) FROM greenwave.notices WHERE city = $1 AND due IS NOT NULL AND told IS NULL",
      .values = {city}};
}

Query forget_told(const std::string& city, Duration keep) {
  return {.name = "forget_told",
          .sql =
              "DELETE FROM greenwave.notices WHERE city = $1 AND at < now() - make_interval(secs => "
              "$2::float8) AND (kind IN ('webhook', 'mail', 'status') OR (kind = 'halt' AND body->>'open' = "
              "'false'))",
          .values = {city, seconds(keep)}};
}

}  // namespace greenwave::hub
