#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/api.h"
#include "api/body.h"
#include "api/filter.h"
#include "base/error.h"
#include "base/text.h"

namespace greenwave::hub {

namespace {

constexpr std::int64_t usual_limit = 100;
constexpr std::int64_t most_limit = 20'000;

constexpr std::string_view iso = "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'";

/// A device in a list, as JSON.
std::string row() {
  return fmt::format(
      R"(json_build_object('id', device, 'name', name, 'state', condition, 'lastState', last_condition,
    'since', to_char(since AT TIME ZONE 'UTC', {0}), 'seen', to_char(seen AT TIME ZONE 'UTC', {0}), 'health', health,
    'commit', commit, 'target', target, 'wave', wave, 'reason', reason, 'version', version, 'listed', listed,
    'retired', retired, 'labels', labels, 'position', CASE WHEN position IS NULL THEN NULL
      ELSE json_build_array(ST_X(position), ST_Y(position)) END))",
      iso);
}

struct ListCall {
  bool rows = true;
  bool counts = true;
  std::int64_t limit = usual_limit;
  std::string after;
};

ListCall read_list_call(const HttpRequest& request) {
  expect_parameters(request, {"limit", "after", "counts"});
  ListCall call{.after = request.parameter("after")};
  if (printable(call.after) != call.after) throw Error(Fault::invalid, "after is not a device's id");
  const auto counts = request.parameter("counts", "true");
  if (counts != "true" && counts != "false" && counts != "only") {
    throw Error(Fault::invalid, "counts is not true, false or only");
  }
  call.rows = counts != "only";
  call.counts = counts != "false";
  if (const auto limit = request.parameter("limit"); !limit.empty()) {
    const auto* end = limit.data() + limit.size();
    const auto read = std::from_chars(limit.data(), end, call.limit);
    if (read.ec != std::errc() || read.ptr != end || call.limit < 1 || call.limit > most_limit) {
      throw Error(Fault::invalid, fmt::format("limit is not a number from 1 to {}", most_limit));
    }
  }
  return call;
}

/// The rest of the WITH, and the members of the answer, that the rows of a page are.
struct Page {
  std::string with;
  std::string members;
};

Page page_of(Conditions& conditions, const ListCall& call) {
  // One more than asked for shows whether there is more.
  const auto after = conditions.value(call.after);
  const auto limit = conditions.value(std::to_string(call.limit));
  return {.with = fmt::format(
              ", more AS (SELECT device FROM hit WHERE device > {0}::text ORDER BY device LIMIT "
              "{1}::bigint + 1), page AS (SELECT s.* FROM (SELECT device FROM more ORDER BY device LIMIT "
              "{1}::bigint) first CROSS JOIN LATERAL (SELECT * FROM greenwave.device_states v WHERE v.city = "
              "$1 AND v.device = first.device OFFSET 0) s)",
              after, limit),
          .members = fmt::format(
              "'devices', (SELECT coalesce(json_agg({} ORDER BY device), '[]') FROM page), 'next', CASE WHEN "
              "(SELECT count(*) FROM more) > {}::bigint THEN (SELECT max(device) FROM page) END",
              row(), limit)};
}

Query list_query(const std::string& city, const HttpRequest& request) {
  const auto call = read_list_call(request);
  Conditions conditions({city});
  add_filter(conditions, request);
  const auto condition = conditions.text();
  const auto page = call.rows ? page_of(conditions, call) : Page{};
  std::string members;
  if (call.counts) {
    members =
        "'total', (SELECT count(*) FROM hit), 'counts', (SELECT coalesce(json_object_agg(condition, n), "
        "'{}') FROM "
        "(SELECT condition, count(*) AS n FROM hit GROUP BY condition) c)";
  }
  if (call.counts && call.rows) members += ", ";
  return {
      .sql = fmt::format("WITH hit AS MATERIALIZED (SELECT device, condition FROM greenwave.device_states "
                         "WHERE city = $1 AND {}){} SELECT json_build_object({}{})::text",
                         condition, page.with, members, page.members),
      .values = conditions.take_values()};
}

/// The commit that the device of `s` should run now: its wave's, or the branch's.
constexpr const char* wanted =
    "(SELECT json_build_object('commit', r.commit, 'subject', r.subject, 'ref', r.ref, 'since', "
    "to_char(r.since AT TIME "
    "ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) FROM greenwave.refs r WHERE r.city = s.city AND r.wave "
    "IN (s.wave, '') "
    "ORDER BY r.wave = '' LIMIT 1)";

constexpr const char* nothing_said = "the device has not said which commit it has";

/// Why there is nothing to be found out; empty: there is.
std::string why_nothing(const CommitPair& pair) {
  if (pair.about == About::objects) return pair.head.empty() ? nothing_said : "";
  if (pair.head.empty()) return "the hub has not read the city's repository";
  if (pair.base.empty()) return nothing_said;
  return pair.base == pair.head ? "the device has the commit that it should run" : "";
}

Labels labels_in(std::string_view text) {
  Labels labels;
  const auto json = nlohmann::json::parse(text);
  for (const auto& [key, value] : json.items()) {
    if (value.is_string()) labels.emplace(key, value.get<std::string>());
  }
  return labels;
}

/// Answers what is asked of the commits that a device has, and should run.
void find_for_device(Api& api, const Exchange& exchange, About about) {
  const auto reply = [&api, about, responder = exchange.responder,
                      device = exchange.subject](const Answer& answer) {
    if (answer.failure()) {
      responder->reply(reply_for(*answer.failure()));
      return;
    }
    if (answer.rows() == 0) {
      responder->reply(
          refusal(404, fmt::format("there is no device {}", in_one_line(device, 100)), "see /v1/devices"));
      return;
    }
    const std::string has(answer.text(0, 0));
    CommitPair pair{
        .head = has, .base = {}, .device = device, .labels = labels_in(answer.text(0, 2)), .about = about};
    if (about == About::changes) {
      pair.head = answer.text(0, 1);
      pair.base = has;
    }
    const auto why = why_nothing(pair);
    responder->reply(why.empty() ? api.changes.answer(pair, std::chrono::steady_clock::now())
                                 : json_reply({{"state", "none"}, {"commit", pair.head}, {"error", why}}));
  };
  api.reader.ask({.name = "commits of a device",
                  .sql = fmt::format("SELECT s.commit, coalesce({}->>'commit', ''), "
                                     "coalesce(s.detail->'labels', '{{}}')::text "
                                     "FROM greenwave.device_states s WHERE s.city = $1 AND s.device = $2",
                                     wanted),
                  .values = {api.config.city, exchange.subject}},
                 reply);
}

}  // namespace

void list_devices(Api& api, const Exchange& exchange, const Person&) {
  auto request = exchange.request;
  // A polygon may be too long for an address: it comes as the body of a POST.
  if (request.method == "POST") request.query.emplace("within", request.body);
  api.reader.ask(list_query(api.config.city, request), reply_with_json(exchange.responder));
}

void show_device(Api& api, const Exchange& exchange, const Person&) {
  const auto statement = fmt::format(R"sql(
SELECT ({0}::jsonb || jsonb_build_object('detail', detail, 'layers', layers, 'wanted', {2},
  'clock', to_char(clock AT TIME ZONE 'UTC', {1}),
  'history', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', to_char(at AT TIME ZONE 'UTC', {1}), 'state', condition,
      'health', health, 'commit', commit, 'target', target, 'reason', reason) ORDER BY at DESC), '[]')
    FROM (SELECT * FROM greenwave.history h WHERE h.city = $1 AND h.device = $2 ORDER BY at DESC LIMIT 50) h),
  'syncs', (SELECT coalesce(jsonb_agg(body ORDER BY started DESC, number DESC), '[]')
    FROM (SELECT * FROM greenwave.syncs y WHERE y.city = $1 AND y.device = $2 ORDER BY started DESC, number DESC LIMIT 20) y),
  'certificates', (SELECT coalesce(jsonb_agg(jsonb_build_object('serial', serial, 'key', key,
      'notAfter', to_char(not_after AT TIME ZONE 'UTC', {1}), 'revoked', revoked IS NOT NULL) ORDER BY issued DESC), '[]')
    FROM greenwave.certificates c WHERE c.city = $1 AND c.device = $2)))::text
FROM greenwave.device_states s WHERE city = $1 AND device = $2)sql",
                                     row(), iso, wanted);
  api.reader.ask({.sql = statement, .values = {api.config.city, exchange.subject}},
                 reply_with_json(exchange.responder,
                                 fmt::format("there is no device {}", in_one_line(exchange.subject, 100))));
}

void show_device_impact(Api& api, const Exchange& exchange, const Person&) {
  find_for_device(api, exchange, About::changes);
}

void show_device_objects(Api& api, const Exchange& exchange, const Person&) {
  find_for_device(api, exchange, About::objects);
}

void show_health(Api& api, const Exchange& exchange, const Person&) {
  const auto statement = fmt::format(R"sql(
SELECT json_build_object('devices', coalesce(json_object_agg(device, json_build_object('commit', commit, 'target', target,
  'health', health, 'seen', to_char(seen AT TIME ZONE 'UTC', {0}))), '{{}}'))::text
FROM greenwave.device_states WHERE city = $1 AND last_condition <> '')sql",
                                     iso);
  api.reader.ask({.sql = statement, .values = {api.config.city}}, reply_with_json(exchange.responder));
}

void ask_for_sync(Api& api, const Exchange& exchange, const Person& person) {
  Body body(exchange.request.body);
  const auto reason = body.text("reason");
  body.done();
  perform(
      api, person,
      {.action = "ask for a sync",
       .subject = exchange.subject,
       .sql = "INSERT INTO greenwave.requests (city, device, at, who, reason) SELECT $1, $2, now(), $3, $4 "
              "WHERE EXISTS (SELECT FROM greenwave.device_states WHERE city = $1 AND device = $2) "
              "RETURNING device",
       .values = {api.config.city, exchange.subject, person.name, reason},
       .result = "SELECT json_build_object('device', device, 'asked', true)::text FROM done"},
      reply_with_json(exchange.responder,
                      fmt::format("there is no device {}", in_one_line(exchange.subject, 100))));
}

void ask_many_for_sync(Api& api, const Exchange& exchange, const Person& person) {
  Body body(exchange.request.body);
  const auto reason = body.text("reason");
  const auto devices = body.texts("devices", most_limit);
  body.done();
  if (devices.empty()) throw Error(Fault::invalid, "devices is empty: nobody is asked");
  ArrayText list;
  for (const auto& device : devices) list.add(device);
  perform(
      api, person,
      {.action = "ask for a sync",
       .subject = devices.size() == 1 ? devices.front() : fmt::format("{} devices", devices.size()),
       .sql =
           "INSERT INTO greenwave.requests (city, device, at, who, reason) SELECT $1, device, now(), $3, $4 "
           "FROM greenwave.device_states WHERE city = $1 AND device = ANY($2::text[]) RETURNING device",
       .values = {api.config.city, list.take(), person.name, reason},
       .result = "SELECT json_build_object('asked', count(*))::text FROM done"},
      reply_with_json(exchange.responder));
}

}  // namespace greenwave::hub
