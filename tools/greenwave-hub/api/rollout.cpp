#include "rollout/rollout.h"

#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/api.h"
#include "base/error.h"
#include "base/text.h"
#include "cities/roster.h"

namespace greenwave::hub {

namespace {

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

// The city in numbers, as an answer to /v1/cities has it, but for its waves.
constexpr const char* city_statement = R"sql(
WITH c AS MATERIALIZED (SELECT condition, listed, retired, seen FROM greenwave.device_states WHERE city = $1),
extent AS (SELECT ST_Extent(position) AS box FROM greenwave.devices WHERE city = $1 AND NOT retired)
SELECT json_build_object('cities', json_build_array(json_build_object('city', $1::text, 'figures', json_build_object(
  'total', (SELECT count(*) FROM c), 'unlisted', (SELECT count(*) FROM c WHERE NOT listed),
  'retired', (SELECT count(*) FROM c WHERE retired),
  'counts', (SELECT coalesce(json_object_agg(condition, n), '{}') FROM (SELECT condition, count(*) AS n FROM c WHERE NOT retired GROUP BY 1) n),
  'lastReport', (SELECT to_char(max(seen) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM c),
  'bounds', (SELECT json_build_array(ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)) FROM extent WHERE box IS NOT NULL)))))::text
)sql";

/// Null when it is read as it should be.
std::string about_repository(const RepositoryTrouble& trouble) {
  if (trouble.why.empty()) return "null";
  const nlohmann::json json{{"error", trouble.why}, {"since", to_iso(trouble.since)}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The city's own figures: of its devices, and of its rollout.
KnownCity own_city(const std::string& city, std::string_view devices, std::string_view rollout, Time now) {
  KnownCity own{.city = city, .url = {}, .at = now};
  try {
    auto answer = nlohmann::json::parse(devices);
    answer["cities"][0]["figures"]["waves"] =
        std::move(nlohmann::json::parse(read_rollout(rollout).answer)["waves"]);
    own.figures = read_figures(answer.dump(), city);
  } catch (const Error& error) {
    own.error = error.message();
  }
  return own;
}

}  // namespace

void show_cities(Api& api, const Exchange& exchange, const Person&) {
  const auto reply = [&api, responder = exchange.responder](std::string_view devices, const Answer& rollout) {
    if (rollout.failure()) {
      responder->reply(reply_for(*rollout.failure()));
      return;
    }
    const auto now = SystemClock().now();
    std::vector<KnownCity> cities{own_city(api.config.city, devices, rollout.text(0, 0), now)};
    if (api.neighbours != nullptr) {
      const auto& others = api.neighbours->cities();
      cities.insert(cities.end(), others.begin(), others.end());
    }
    responder->reply(json_reply(cities_json(cities, now)));
  };
  api.reader.ask({.name = "city", .sql = city_statement, .values = {api.config.city}},
                 [&api, reply, responder = exchange.responder](const Answer& answer) {
                   if (answer.failure()) {
                     responder->reply(reply_for(*answer.failure()));
                     return;
                   }
                   api.reader.ask(rollout_query(api.config.city),
                                  [reply, devices = std::string(answer.text(0, 0))](const Answer& rollout) {
                                    reply(devices, rollout);
                                  });
                 });
}

void show_rollout(Api& api, const Exchange& exchange, const Person&) {
  const auto repository = about_repository(api.trouble);
  api.shared.reply(
      rollout_query(api.config.city), exchange.responder, [repository](const SharedAnswer& answer) {
        try {
          const auto rollout = read_rollout(answer.text).answer;
          return HttpReply{.body = fmt::format(R"({{"repository":{},{})", repository, rollout.substr(1))};
        } catch (const Error& error) {
          return refusal(500, error.message(), "look at the hub's log");
        }
      });
}

void show_impact(Api& api, const Exchange& exchange, const Person&) {
  for (const auto& [name, value] : exchange.request.query) {
    if (name != "commit" && name != "base") {
      throw Error(Fault::invalid, fmt::format("there is no parameter {}", in_one_line(name, 40)),
                  "use commit, and base");
    }
    const bool is_id = value.size() == 40 && value.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!is_id)
      throw Error(Fault::invalid, fmt::format("{} is not a commit's id", name), "write all 40 digits");
  }
  const CommitPair pair{.head = exchange.request.parameter("commit"),
                        .base = exchange.request.parameter("base")};
  if (pair.head.empty())
    throw Error(Fault::invalid, "commit is missing", "see /v1/rollout for those that there are");
  if (pair.head == pair.base) throw Error(Fault::invalid, "both commits are the same", "leave base out");
  exchange.responder->reply(api.changes.answer(pair, std::chrono::steady_clock::now()));
}

void show_summary(Api& api, const Exchange& exchange, const Person&) {
  api.shared.reply({.name = "summary", .sql = summary_statement, .values = {api.config.city}},
                   exchange.responder,
                   [](const SharedAnswer& answer) { return HttpReply{.body = answer.text}; });
}

void follow_events(Api& api, const Exchange& exchange, const Person&) {
  if (!api.reader.is_connected()) {
    exchange.responder->reply(unavailable("the database is away"));
    return;
  }
  HttpReply head{.type = "text/event-stream"};
  head.headers.emplace_back("Cache-Control", "no-store");
  head.headers.emplace_back("X-Accel-Buffering", "no");  // nginx passes each event at once
  api.events.add(exchange.responder->stream(std::move(head)), exchange.request.header("last-event-id"));
}

void show_metrics(Api& api, const Exchange& exchange, const Person&) {
  exchange.responder->reply({.type = "text/plain; version=0.0.4", .body = api.metrics()});
}

}  // namespace greenwave::hub
