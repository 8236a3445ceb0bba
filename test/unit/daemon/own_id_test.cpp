#include "daemon/own_id.h"

#include <catch2/catch.hpp>

using namespace greenwave;

namespace {

config::Config named(const std::string& device, bool by_configuration) {
  config::Config config;
  config.device = device;
  config.names_device = by_configuration;
  return config;
}

}  // namespace

TEST_CASE("own id: the host's name, until the device was in sync") {
  CHECK(daemon::own_id(named("sf-0042", false), {}).id == "sf-0042");
  CHECK(daemon::own_id(named("sf-0042", false), "").id == "sf-0042");
}

TEST_CASE("own id: a host that lost or changed its name stays what it was, and says so") {
  for (const auto* name : {"localhost", "sf-0042.signals.example", "SF-0042"}) {
    const auto own = daemon::own_id(named(name, false), "sf-0042");
    CHECK(own.id == "sf-0042");
    CHECK_THAT(own.note, Catch::Contains(name) && Catch::Contains("set device:"));
  }
  CHECK(daemon::own_id(named("sf-0042", false), "sf-0042").note.empty());
}

TEST_CASE("own id: what agent.yaml names is believed, whatever the device was before") {
  const auto own = daemon::own_id(named("sf-0043", true), "sf-0042");
  CHECK(own.id == "sf-0043");
  CHECK(own.note.empty());
}
