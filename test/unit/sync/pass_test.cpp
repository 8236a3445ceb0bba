#include <algorithm>
#include <atomic>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "state/keys.h"
#include "support/fake_driver.h"
#include "support/memory_tree.h"
#include "support/temporary_directory.h"
#include "sync/course_record.h"
#include "sync/remembered.h"
#include "sync/sync.h"

using namespace greenwave;
using namespace greenwave::sync;
using namespace greenwave::test;
using Catch::Contains;
using state::SyncResult;

namespace {

using Files = std::map<std::string, std::string>;

/// Commits that a test makes, and a ref that it moves.
class FakeIntake : public Intake {
 public:
  std::map<CommitId, Files> commits;
  CommitId tip;
  std::optional<Error> trouble;  ///< of the next receive(), and those after it
  std::optional<Error> damage;   ///< thrown by files(), until start_over()
  bool held = false;             ///< the device's own commit stays
  std::map<std::string, CommitId> kept;
  int started_over = 0;
  std::vector<CommitId> brought;

  Arrival receive(const std::shared_ptr<const git::BundleFile>&, Remembered remembered, const Own& own,
                  const Phase&) override {
    Arrival arrival{.remembered = std::move(remembered)};
    if (trouble) {
      arrival.why_not = trouble;
      return arrival;
    }
    arrival.target = tip;
    arrival.ref = "refs/heads/main";
    arrival.is_held = held;
    arrival.commit = held ? own.applied : tip;
    arrival.answered = true;
    arrival.remembered.accepted = tip;
    arrival.remembered.signers[tip] = {"ana@city.example", "SHA256:x"};
    received_ = arrival.commit;
    return arrival;
  }
  CommitId received() const override { return received_; }
  CommitId poll() override { return tip; }
  bool has(const CommitId& commit) const override { return commits.contains(commit); }
  git::Commit about(const CommitId& commit) const override { return {commit, "Change things", "Ana", {}}; }
  std::unique_ptr<SourceTree> files(const CommitId& commit) const override {
    if (damage) throw *damage;
    return std::make_unique<MemoryTree>(commits.at(commit));
  }
  void bring(const CommitId& commit) override { brought.push_back(commit); }
  void keep(const std::string& name, const CommitId& commit) override { kept[name] = commit; }
  void tidy() override {}
  void start_over(const Error&) override {
    ++started_over;
    damage.reset();
  }

 private:
  CommitId received_;
};

Files city(const std::string& content) {
  return {{"greenwave.yaml",
           "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: fresno}\nspec: {layers: [{path: "
           "base}]}\n"},
          {"base/motd.yaml",
           "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: motd}\nspec: {path: /etc/motd, "
           "content: \"" +
               content + "\"}\n"}};
}

/// A device whose repository and drivers the test plays.
struct Cabinet {
  TemporaryDirectory directory;
  config::Config config;
  Labels facts;
  std::string key = std::string(32, 'k');
  Renderer renderer{config, facts, key};
  SystemClock clock;
  std::unique_ptr<state::State> state;
  FakeIntake intake;
  FakeDriver driver;
  std::atomic<bool> stop = false;
  std::string process = "p1";
  std::unique_ptr<Sync> sync;
  std::vector<std::string> steps;

  const CommitId one{"1111111111111111111111111111111111111111"};
  const CommitId two{"2222222222222222222222222222222222222222"};

  Cabinet() {
    config.device = "fr-1";
    config.repository.url = "file:///city.git";
    config.repository.branch = "main";
    config.state_directory = directory / "state";
    intake.commits = {{one, city("1")}, {two, city("2")}};
    intake.tip = one;
    state = std::make_unique<state::State>(directory / "state.db");
    restart();
  }

  /// As after a power cut, where the pass did not come to its end.
  void restart() {
    sync = std::make_unique<Sync>(Parts{.config = config,
                                        .renderer = renderer,
                                        .clock = clock,
                                        .state = *state,
                                        .intake = intake,
                                        .drivers = {{&driver, &driver}},
                                        .stop = stop,
                                        .heartbeat = [] {},
                                        .process = process,
                                        .rest = [](Duration) {}});
  }

  Result run(const Request& request = {}) {
    steps.clear();
    return sync->run(request, state::Trigger::interval, [this](const Event& event) {
      if (event.kind == "step") steps.push_back(event.text);
    });
  }
  Course course() const { return read_course(*state); }
};

}  // namespace

TEST_CASE("pass: a new commit is applied and kept, with who signed it, and the next pass has nothing to do") {
  Cabinet cabinet;
  const auto result = cabinet.run();
  CHECK(result.record.error == "");
  CHECK(result.record.result == SyncResult::in_sync);
  CHECK(result.exit_code == 0);
  CHECK(cabinet.steps == std::vector<std::string>{"create File/motd"});
  CHECK(cabinet.sync->applied() == cabinet.one);
  CHECK((cabinet.course() == Course{.good = cabinet.one}));
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
  CHECK(history[1].commit == cabinet.two.text());

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
  CHECK(cabinet.run().record.result == SyncResult::in_sync);
  CHECK((cabinet.course() == Course{.good = cabinet.one}));
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
