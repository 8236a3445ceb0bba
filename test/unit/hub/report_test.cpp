#include "intake/report.h"

#include <random>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

using namespace greenwave;
using Json = nlohmann::json;

namespace {

Json good() {
  return {{"device", "sf-0042"},
          {"boot", 17},
          {"sequence", 3},
          {"at", "2026-11-27T08:00:00Z"},
          {"state",
           {{"condition", "failed"},
            {"health", "failed"},
            {"commit", {{"oid", std::string(40, 'a')}, {"subject", "Longer yellow"}}},
            {"failed", {{{"object", "SystemdUnit/spat"}, {"reason", "exit 203"}}}},
            {"lastSync", "2026-11-27T07:59:00Z"}}}};
}

std::int64_t fingerprint_of(const Json& report) {
  return hub::read_report(report.dump()).state->fingerprint;
}

/// Anything that JSON can be, with what is hard for readers.
Json random_json(std::mt19937& random, int depth) {
  const auto text = [&] {
    static const std::vector<std::string> texts{"",      "a",  std::string("\0b", 2), "\u202e",
                                                "'; --", "{}", std::string(700, 'x'), "\n\r\t"};
    return texts[random() % texts.size()];
  };
  switch (depth > 6 ? random() % 4 : random() % 6) {
    case 0:
      return text();
    case 1:
      return static_cast<std::int64_t>(random()) - (1LL << 31);
    case 2:
      return nullptr;
    case 3:
      return random() % 2 == 0;
    case 4: {
      auto list = Json::array();
      for (auto n = random() % 4; n > 0; --n) list.push_back(random_json(random, depth + 1));
      return list;
    }
    default: {
      auto map = Json::object();
      for (auto n = random() % 4; n > 0; --n) map[text()] = random_json(random, depth + 1);
      return map;
    }
  }
}

}  // namespace

TEST_CASE("hub: a report's state has its commit, its reason and its whole as detail") {
  const auto report = hub::read_report(good().dump());
  CHECK(report.device == "sf-0042");
  CHECK(report.boot == 17);
  REQUIRE(report.state);
  CHECK(report.state->commit == std::string(40, 'a'));
  CHECK(report.state->reason == "SystemdUnit/spat: exit 203");
  CHECK(Json::parse(report.state->detail)["commit"]["subject"] == "Longer yellow");
}

TEST_CASE("hub: times and counters make no other state, everything else that is kept does") {
  const auto before = fingerprint_of(good());
  for (const auto* key : {"lastSync", "lastResult", "lastTookMs", "bytesReceived", "drifted", "bootId"}) {
    auto report = good();
    report["state"][key] = "another";
    CHECK(fingerprint_of(report) == before);
  }
  for (const auto* key : {"wave", "version", "says", "waitingWhy", "lastError", "ref"}) {
    auto report = good();
    report["state"][key] = "another";
    INFO(key);
    CHECK(fingerprint_of(report) != before);
  }
}

TEST_CASE("hub: members of a newer agent are left out") {
  auto report = good();
  report["state"]["colour"] = "red";
  report["more"] = 1;
  CHECK(hub::read_report(report.dump()).state->detail.find("colour") == std::string::npos);
}

TEST_CASE("hub: the reason of a reverted device is why its commit was taken back") {
  auto report = good();
  report["state"]["rejected"] = {{"commit", std::string(40, 'b')}, {"reason", "unit spat failed"}};
  CHECK(hub::read_report(report.dump()).state->reason == "unit spat failed");
}

TEST_CASE("hub: whatever a report holds, what is kept of it is text that a database takes") {
  std::mt19937 random(4711);
  std::size_t taken = 0;
  for (int round = 0; round < 3000; ++round) {
    auto report = good();
    auto& state = report["state"];
    static const std::vector<std::string> members{"wave",     "failed", "labels", "rejected",
                                                  "problems", "commit", "says",   "pause"};
    for (auto n = random() % 3; n > 0; --n)
      state[members[random() % members.size()]] = random_json(random, 0);
    if (random() % 8 == 0) report["syncs"] = random_json(random, 0);
    try {
      const auto read = hub::read_report(report.dump());
      ++taken;
      const auto detail = Json::parse(read.state->detail);
      CHECK(detail.dump().find("\\u0000") == std::string::npos);
      for (const auto* text : {&read.state->reason, &read.state->wave, &read.state->version}) {
        CHECK(printable(*text) == *text);
        CHECK(text->size() < 1100);
      }
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::invalid);
    }
  }
  CHECK(taken > 500);
}
