// The city as a page reads it that was made for CV Manager (https://github.com/usdot-jpo-ode/jpo-cvmanager):
// its services/api/src/rsuinfo.py and rsu_online_status.py say what they answer,
// webapp/src/models/RsuApi.d.ts what the page reads of that. greenwave-hub(8) says where each member comes
// from.

#include <fmt/format.h>

#include "api/api.h"
#include "base/error.h"
#include "base/text.h"

namespace greenwave::hub {

namespace {

constexpr std::string_view features = R"sql(
(SELECT coalesce(json_agg(json_build_object('type', 'Feature', 'id', rsu_id, 'geometry', ST_AsGeoJSON(geography)::json,
   'properties', json_build_object('rsu_id', rsu_id, 'geography', geography::text, 'milepost', milepost, 'ipv4_address', ipv4_address,
     'serial_number', serial_number, 'primary_route', primary_route, 'model_name', model_name, 'manufacturer_name', manufacturer_name))
   ORDER BY device), '[]') FROM greenwave.rsus WHERE city = $1))sql";

constexpr std::string_view status = R"sql(json_build_object('ip', ipv4_address,
  'current_status', CASE WHEN condition = 'not-reporting' THEN 'offline' ELSE 'online' END,
  'last_online', coalesce(to_char(seen AT TIME ZONE 'UTC', 'MM/DD/YYYY HH12:MI:SS AM "UTC"'), 'No Data')))sql";

}  // namespace

void show_rsus(Api& api, const Exchange& exchange, const Person&) {
  api.reader.ask(
      {.name = "rsus",
       .sql = fmt::format("SELECT json_build_object('type', 'FeatureCollection', 'features', {})::text",
                          features),
       .values = {api.config.city}},
      reply_with_json(exchange.responder));
}

void show_rsu_info(Api& api, const Exchange& exchange, const Person&) {
  api.reader.ask({.name = "rsu_info",
                  .sql = fmt::format("SELECT json_build_object('rsuList', {})::text", features),
                  .values = {api.config.city}},
                 reply_with_json(exchange.responder));
}

void show_rsu_status(Api& api, const Exchange& exchange, const Person&) {
  for (const auto& [name, value] : exchange.request.query) {
    if (name != "rsu_ip")
      throw Error(Fault::invalid, fmt::format("there is no parameter {}", in_one_line(name, 60)),
                  "see /openapi.json");
  }
  const auto address = exchange.request.parameter("rsu_ip");
  if (address.empty()) {
    api.reader.ask(
        {.name = "rsu_statuses",
         .sql = fmt::format(
             "SELECT coalesce(json_object_agg(ipv4_address, {}), '{{}}')::text FROM greenwave.rsus "
             "WHERE city = $1",
             status),
         .values = {api.config.city}},
        reply_with_json(exchange.responder));
    return;
  }
  if (printable(address) != address) throw Error(Fault::invalid, "rsu_ip is not a line of text");
  api.reader.ask(
      {.name = "rsu_status",
       .sql = fmt::format("SELECT {}::text FROM greenwave.rsus WHERE city = $1 AND ipv4_address = $2 "
                          "ORDER BY device LIMIT 1",
                          status),
       .values = {api.config.city, address}},
      reply_with_json(exchange.responder, fmt::format("there is no device {}", in_one_line(address, 100))));
}

}  // namespace greenwave::hub
