#include "daemon/trusted.h"

#include <random>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "state/evidence.h"
#include "state/keys.h"
#include "support/temporary_directory.h"

using namespace greenwave;

namespace {

using Texts = std::vector<std::string>;

constexpr auto ana =
    "ana@sf.example namespaces=\"git\" ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIB31TQWTjsJGcyNyebTMSJCfnIZBvkopq6NxY1TwamVb a comment\n";

Texts objects(const nlohmann::json& line, std::string_view verb) {
  Texts all;
  for (const auto& action : line.at("actions")) {
    if (action.at("verb") == verb) all.push_back(action.at("object"));
  }
  return all;
}

}  // namespace

TEST_CASE("trusted: signers by name and fingerprint, and what else is asked of a commit") {
  config::Config config;
  CHECK(daemon::trusted(config, {}).empty());
  config.require_ref = true;
  config.tip_repository = "sf";
  config.path_rules.push_back({"base", {"ana@sf.example", "bo@sf.example"}, 2, {}});
  const auto all = daemon::trusted(config, git::Trust(ana, "signers"));
  REQUIRE(all.size() == 4);
  CHECK_THAT(all[0],
             Catch::StartsWith("signer ana@sf.example SHA256:") && Catch::EndsWith(" namespaces=git"));
  CHECK(Texts(all.begin() + 1, all.end()) ==
        Texts{"trust.paths base: 2 of ana@sf.example, bo@sf.example", "trust.requireRef", "trust.tip of sf"});
}

TEST_CASE("trusted: whatever changes from start to start, the evidence adds up to what is trusted now") {
  std::mt19937 random(7);
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "state.db";
  Texts before;
  std::set<std::string> known;
  std::int64_t lines = 0;
  for (int start = 0; start < 60; ++start) {
    state::State state(file);
    Texts now;
    for (const auto* text : {"signer ana", "signer bo", "signer di", "trust.tags"}) {
      if (random() % 2 == 0) now.emplace_back(text);
    }
    daemon::note_trusted(state, now, clock_is_set);
    daemon::note_trusted(state, now, clock_is_set);
    const auto added = state.evidence(lines, 10);
    REQUIRE(added.size() == (now == before ? 0U : 1U));
    for (const auto& line : added) {
      CHECK(line.at("event") == "trust");
      for (const auto& text : objects(line, "trust")) CHECK(known.insert(text).second);
      for (const auto& text : objects(line, "distrust")) CHECK(known.erase(text) == 1);
    }
    CHECK(known == std::set<std::string>(now.begin(), now.end()));
    lines += static_cast<std::int64_t>(added.size());
    before = now;
  }
  CHECK(state::check_chain(state::State(file).evidence(0, 1000)).number == 0);
}

TEST_CASE("trusted: what is remembered and cannot be read costs one line that says all of it") {
  const test::TemporaryDirectory directory;
  state::State state(directory.path() / "state.db");
  for (const auto* damaged : {"{", "7", "[7]", ""}) {
    state.set_value(state::keys::trusted, damaged);
    const auto last = state.last_evidence();
    daemon::note_trusted(state, {"signer ana"}, clock_is_set);
    CHECK(objects(state.evidence(last, 10).at(0), "trust") == Texts{"signer ana"});
  }
}
