#include <algorithm>
#include <atomic>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "state/keys.h"
#include "sync/remembered.h"
#include "unit/sync/cabinet.h"

using namespace greenwave;
using namespace greenwave::sync;
using namespace greenwave::test;
using Catch::Contains;
using state::SyncResult;

TEST_CASE("pass: a new commit is applied and kept, with who signed it, and the next pass has nothing to do") {
  Cabinet cabinet;
  const auto result = cabinet.run();
  CHECK(result.record.error == "");
  CHECK(result.record.result == SyncResult::in_sync);
  CHECK(result.exit_code == 0);
  CHECK(cabinet.steps == std::vector<std::string>{"create File/motd"});
  CHECK(cabinet.sync->applied() == cabinet.one);
  CHECK((cabinet.course() == kept(cabinet.one)));
  CHECK(cabinet.intake.kept.at("applied") == cabinet.one);
  CHECK(cabinet.intake.kept.at("good") == cabinet.one);
  REQUIRE(result.standing.signer);
  CHECK(result.standing.signer->principal == "ana@city.example");
  const auto history = cabinet.state->history(10);
  REQUIRE(history.size() == 1);
  CHECK(history[0].signer == "ana@city.example");
  CHECK(history[0].signer_key == "SHA256:x");

  cabinet.driver.batches.clear();
  CHECK(cabinet.run().record.result == SyncResult::in_sync);
  CHECK(cabinet.driver.batches.empty());
  CHECK(cabinet.state->history(10).size() == 1);
  cabinet.restart();  // the signer is known after it too
  CHECK(cabinet.run().standing.signer);
}

TEST_CASE("pass: without the server the device keeps its commit, and repairs what drifted from it") {
  Cabinet cabinet;
  cabinet.run();
  cabinet.intake.trouble = Error(Fault::transient, "no route to host");
  cabinet.driver.device.clear();
  const auto result = cabinet.run();
  CHECK(result.record.result == SyncResult::error);
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.record.error, Contains("no route"));
  CHECK(cabinet.driver.device.size() == 1);
  CHECK(result.standing.repaired == 1);
}

TEST_CASE("pass: a bundle is taken from whoever is root, or from anybody where commits are checked") {
  Cabinet cabinet;
  cabinet.run();
  cabinet.intake.tip = cabinet.two;
  const auto bundle = std::make_shared<git::BundleFile>();
  SECTION("a member of the group is refused, and the device keeps its commit and repairs it") {
    cabinet.driver.device.clear();
    const auto result = cabinet.run({.bundle = bundle, .by_root = false});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.record.error, Contains("only taken from root") && Contains("trust.allowedSigners"));
    CHECK(cabinet.sync->applied() == cabinet.one);
    CHECK(cabinet.driver.device.size() == 1);
  }
  SECTION("root chooses") {
    CHECK(cabinet.run({.bundle = bundle, .by_root = true}).exit_code == 0);
    CHECK(cabinet.sync->applied() == cabinet.two);
  }
  SECTION("signers choose") {
    cabinet.config.allowed_signers = "/etc/greenwave/allowed_signers";
    CHECK(cabinet.run({.bundle = bundle, .by_root = false}).exit_code == 0);
    CHECK(cabinet.sync->applied() == cabinet.two);
  }
}

TEST_CASE("pass: a held commit stays, and the status says for which one") {
  Cabinet cabinet;
  cabinet.run();
  cabinet.intake.tip = cabinet.two;
  cabinet.intake.held = true;
  const auto result = cabinet.run();
  CHECK(result.record.result == SyncResult::in_sync);
  CHECK(result.standing.followed.is_held);
  CHECK(result.standing.followed.target == cabinet.two);
  CHECK(cabinet.sync->applied() == cabinet.one);
}

TEST_CASE("pass: a commit that cannot be rendered is refused once, and the last one stays") {
  Cabinet cabinet;
  cabinet.run();
  cabinet.intake.tip = cabinet.two;
  cabinet.intake.commits[cabinet.two] = {{"greenwave.yaml", "kind: ["}};
  for (int i = 0; i < 2; ++i) {
    const auto result = cabinet.run();
    CHECK(result.record.result == SyncResult::error);
    CHECK_THAT(result.record.error, Contains("greenwave.yaml"));
    CHECK(cabinet.sync->applied() == cabinet.one);
  }
  CHECK(cabinet.state->history(10).size() == 2);  // the second failure says nothing new
}

TEST_CASE("pass: what a commit did before a power cut goes when the device goes back from it") {
  Cabinet cabinet;
  cabinet.driver.watches["File"] = {.interval = std::chrono::seconds(1), .within = std::chrono::minutes(2)};
  cabinet.run();
  const auto before = cabinet.driver.device;
  struct PowerCut {};
  cabinet.intake.tip = cabinet.two;
  cabinet.driver.looked = [&] {
    if (cabinet.driver.device != before) throw PowerCut{};  // while the commit is watched
  };
  CHECK_THROWS_AS(cabinet.run(), PowerCut);
  REQUIRE(cabinet.driver.device != before);
  cabinet.driver.looked = {};
  cabinet.process += "x";
  cabinet.restart();
  cabinet.intake.tip = cabinet.one;
  CHECK(cabinet.run().exit_code == 0);
  CHECK(cabinet.driver.device == before);
}

TEST_CASE("pass: an agent that crashes three times in the middle of a commit goes back from it") {
  Cabinet cabinet;
  cabinet.run();
  cabinet.intake.tip = cabinet.two;
  struct PowerCut {};
  for (int i = 0; i < 2; ++i) {
    cabinet.process += "x";
    cabinet.restart();
    cabinet.driver.before = [](const plan::Step&) -> void { throw PowerCut{}; };
    CHECK_THROWS_AS(cabinet.run(), PowerCut);
  }
  cabinet.driver.before = {};
  cabinet.process += "x";
  cabinet.restart();
  const auto result = cabinet.run();
  CHECK(result.record.trigger == state::Trigger::revert);
  CHECK(result.record.result == SyncResult::reverted);
  CHECK(result.exit_code == 1);
  CHECK(cabinet.sync->applied() == cabinet.one);
  REQUIRE(result.standing.rejected);
  CHECK(result.standing.rejected->commit == cabinet.two);
  CHECK_THAT(result.standing.rejected->reason, Contains("third time"));
  const auto history = cabinet.state->history(10);
  REQUIRE(history.size() == 3);
  CHECK(history[1].result == SyncResult::not_healthy);
  CHECK(history[1].commit == cabinet.two);

  CHECK(cabinet.run().record.result == SyncResult::held);  // until the ref moves
  CHECK(cabinet.sync->applied() == cabinet.one);
}

TEST_CASE("pass: a damaged git store is replaced, and the pass begun again") {
  Cabinet cabinet;
  cabinet.intake.damage = Error(Fault::damaged, "a pack cannot be read");
  const auto result = cabinet.run();
  CHECK(cabinet.intake.started_over == 1);
  CHECK(result.record.result == SyncResult::in_sync);
  CHECK(cabinet.sync->applied() == cabinet.one);
}

TEST_CASE("pass: a failed object is reported, and the commit stays on trial") {
  Cabinet cabinet;
  cabinet.driver.failing = {"File/motd"};
  const auto result = cabinet.run();
  CHECK(result.record.result == SyncResult::failed);
  CHECK(result.exit_code == 1);
  REQUIRE(cabinet.course().trial);
  CHECK(cabinet.course().trial->process.empty());  // the pass came to its end
  cabinet.driver.failing.clear();
  cabinet.clock.elapsed += std::chrono::minutes(1);  // it is not tried again at once
  CHECK(cabinet.run().record.result == SyncResult::in_sync);
  CHECK((cabinet.course() == kept(cabinet.one)));
}

TEST_CASE("pass: a diff says what would change, and changes nothing") {
  Cabinet cabinet;
  const auto diff = cabinet.sync->diff();
  CHECK(diff["commit"] == cabinet.one.text());
  REQUIRE(diff["changes"].size() == 1);
  CHECK(diff["changes"][0]["object"] == "File/motd");
  CHECK(cabinet.driver.device.empty());
  CHECK(cabinet.sync->applied().empty());
}

TEST_CASE("pass: what an agent that was killed left unfinished is settled, though nothing has drifted") {
  Cabinet cabinet;
  cabinet.run();
  auto entries = cabinet.state->inventory();
  REQUIRE(entries.size() == 1);
  entries.front().intended = true;
  cabinet.state->intend(entries, {});
  cabinet.restart();
  const auto result = cabinet.run();
  CHECK(result.exit_code == 0);
  CHECK(result.standing.in_sync == 1);
  CHECK_FALSE(cabinet.state->inventory().front().intended);
}

TEST_CASE("pass: a restart that an agent owed when it was killed is done, though nothing has drifted") {
  Cabinet cabinet;
  cabinet.intake.commits[cabinet.one] = objects({{"File/a", "1"}, {"SystemdUnit/u", "1"}});
  cabinet.run();
  const auto entries = cabinet.state->inventory();
  REQUIRE(entries.size() == 2);
  const std::vector<plan::Owed> owed{{entries[1].id, true, entries[0].id}};
  cabinet.state->intend({&entries[0], 1}, owed);
  cabinet.state->settle({&entries[0], 1}, {}, {});
  cabinet.restart();
  cabinet.run();
  CHECK(cabinet.state->owed().empty());
}

TEST_CASE("pass: the history has it once when all works again, though the agent had nothing to do for it") {
  Cabinet cabinet;
  cabinet.intake.commits[cabinet.one]["base/wrong.yaml"] =
      "apiVersion: greenwave.dev/v1\nkind: Fail\nmetadata: {name: wrong}\n";
  CHECK(cabinet.run().record.result == SyncResult::failed);
  cabinet.intake.tip = cabinet.two;
  cabinet.intake.commits[cabinet.two] = city("1");
  cabinet.restart();
  for (int i = 0; i < 2; ++i) {
    CHECK(cabinet.run().record.result == SyncResult::in_sync);
    const auto history = cabinet.state->history(10);
    REQUIRE(history.size() == 2);
    CHECK(history[0].result == SyncResult::in_sync);
    CHECK(history[0].actions.empty());
  }
}
