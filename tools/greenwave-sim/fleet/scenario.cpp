#include "fleet/scenario.h"

#include <initializer_list>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/contains.h"
#include "base/error.h"

namespace greenwave::sim {

namespace {

using nlohmann::json;

Error wrong(const std::string& why) {
  return Error(Fault::invalid, "the scenario is not of the form that greenwave-sim reads: " + why,
               "greenwave-sim --help shows it");
}

void allow(const json& object, std::initializer_list<std::string_view> names) {
  if (!object.is_object()) throw wrong("an object is missing");
  for (const auto& [name, value] : object.items()) {
    if (!contains(names, name)) throw wrong(fmt::format("\"{}\" is not known", name));
  }
}

std::uint16_t port_of(const json& object) {
  const auto port = object.at("port").get<std::int64_t>();
  if (port < 1 || port > 65535) throw wrong(fmt::format("{} is no port", port));
  return static_cast<std::uint16_t>(port);
}

HubAddress hub_from(const json& object) {
  allow(object, {"host", "port", "authorities", "authority"});
  return {.host = object.at("host"),
          .port = port_of(object),
          .authorities = object.at("authorities"),
          .authority = object.at("authority").get<std::string>()};
}

CityAddress city_from(const json& object) {
  allow(object, {"name", "host", "port", "path", "authorities", "signers", "branch", "devices", "hub"});
  CityAddress city{.name = object.at("name"),
                   .host = object.at("host"),
                   .port = port_of(object),
                   .path = object.at("path"),
                   .authorities = object.at("authorities"),
                   .signers = object.value("signers", ""),
                   .branch = object.at("branch"),
                   .devices = object.at("devices").get<std::size_t>()};
  if (object.contains("hub")) city.hub = hub_from(object["hub"]);
  return city;
}

}  // namespace

Scenario read_scenario(std::string_view text) {
  try {
    const auto whole = json::parse(text);
    allow(whole, {"interval", "scratch", "cities"});
    Scenario scenario{.interval = parse_duration(whole.at("interval").get<std::string>()),
                      .scratch = whole.at("scratch").get<std::string>(),
                      .cities = {}};
    for (const auto& city : whole.at("cities")) scenario.cities.push_back(city_from(city));
    if (scenario.cities.empty()) throw wrong("it has no city");
    return scenario;
  } catch (const json::exception& error) {
    throw wrong(error.what());
  }
}

std::string device_id(const std::string& city, std::size_t number) {
  return fmt::format("{}-{:05}", city, number);
}

}  // namespace greenwave::sim
