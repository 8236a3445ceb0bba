#include <fmt/format.h>

#include "api/api.h"
#include "base/error.h"
#include "base/text.h"

namespace greenwave::hub {

namespace {

constexpr int most_lines = 100'000;

/// As to_iso() writes it; null where the parameter is absent.
Value time_in(const HttpRequest& request, const char* name) {
  const auto written = request.parameter(name);
  if (written.empty()) return {};
  try {
    return to_iso(from_iso(written));
  } catch (const Error& error) {
    throw Error(Fault::invalid, fmt::format("{}: {}", name, error.message()), error.remedy());
  }
}

/// The newest first. One row more than asked for shows that there are too many.
std::string statement() {
  return fmt::format(R"sql(
SELECT count(*) <= {0}, coalesce(string_agg(line, E'\n' ORDER BY at DESC, id) || E'\n', '') FROM (
  SELECT at, id, json_build_object('at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'who', who,
    'from', address, 'action', action, 'subject', subject, 'detail', detail)::text AS line
  FROM greenwave.audit WHERE city = $1 AND ($2::timestamptz IS NULL OR at >= $2)
    AND ($3::timestamptz IS NULL OR at < $3) LIMIT {0} + 1) l)sql",
                     most_lines);
}

}  // namespace

void list_audit(Api& api, const Exchange& exchange, const Person&) {
  for (const auto& [name, value] : exchange.request.query) {
    if (name != "since" && name != "until") {
      throw Error(Fault::invalid, fmt::format("there is no parameter {}", in_one_line(name, 40)),
                  "use since, and until");
    }
  }
  api.reader.ask(
      {.name = "audit",
       .sql = statement(),
       .values = {api.config.city, time_in(exchange.request, "since"), time_in(exchange.request, "until")}},
      [responder = exchange.responder](const Answer& answer) {
        if (answer.failure()) {
          responder->reply(reply_for(*answer.failure()));
        } else if (answer.text(0, 0) != "t") {
          responder->reply(refusal(400, fmt::format("there are more than {} lines", most_lines),
                                   "ask for less of it with since and until"));
        } else {
          responder->reply({.type = "application/x-ndjson", .body = std::string(answer.text(0, 1))});
        }
      });
}

}  // namespace greenwave::hub
