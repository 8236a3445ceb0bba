#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/api.h"

namespace greenwave::hub {

HttpReply json_reply(const nlohmann::json& json, unsigned status) {
  return {.status = status, .body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

HttpReply reply_for(const Failure& failure) {
  if (failure.unavailable) return unavailable("the database is away");
  if (failure.state == "57014")
    return refusal(503, "the question took too long", "ask for less: fewer devices, a smaller area");
  if (failure.blames_values())
    return refusal(400, failure.message, "see the API's description: /openapi.json");
  return refusal(500, "the database refused the hub's statement", "look at the hub's log");
}

Connection::Then reply_with_json(std::shared_ptr<Responder> responder, std::string absent) {
  return [responder = std::move(responder), absent = std::move(absent)](const Answer& answer) {
    if (answer.failure()) {
      responder->reply(reply_for(*answer.failure()));
    } else if (answer.rows() == 0 || answer.is_null(0, 0)) {
      responder->reply(refusal(404, absent, "check how it is written"));
    } else {
      responder->reply({.body = std::string(answer.text(0, 0))});
    }
  };
}

void perform(const Api& api, const Person& person, Act act, Connection::Then then) {
  Conditions parts(std::move(act.values));
  // The casts say what the values are, which the statement itself does not.
  const auto text = [&](std::string value) { return parts.value(std::move(value)) + "::text"; };
  auto sql = fmt::format(
      "WITH done AS ({}), noted AS (INSERT INTO greenwave.audit (city, at, who, address, action, subject, "
      "detail) "
      "SELECT {}, now(), {}, {}, {}, {}, jsonb_build_object('count', (SELECT count(*) FROM done)) "
      "WHERE EXISTS (SELECT FROM done)){}{} {}",
      act.sql, text(api.config.city), text(person.name), text(person.address), text(std::string(act.action)),
      text(act.subject), act.more.empty() ? "" : ", ", act.more, act.result);
  api.writer.ask({.sql = std::move(sql), .values = parts.take_values()}, std::move(then));
}

}  // namespace greenwave::hub
