#include "sync/apply.h"

#include <catch2/catch.hpp>

#include "support/fake_driver.h"
#include "support/memory_tree.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace greenwave::sync;
using namespace greenwave::test;

using Words = std::vector<std::string>;
using Batches = std::vector<Words>;

namespace {

/// A device with a fake driver and a real state, and what its repository wants of it.
struct Cabinet {
  TemporaryDirectory directory;
  std::unique_ptr<state::State> state = std::make_unique<state::State>(directory / "state.db");
  FakeDriver driver;
  Drivers drivers{{&driver, &driver}};
  MemoryTree tree{{}};
  std::vector<plan::Desired> desired;
  std::vector<ObjectId> refused;
  std::function<bool()> stop;
  bool closed = false;
  Words heard;

  Cabinet& wants(const plan::Desired& one) {
    desired.push_back(one);
    return *this;
  }

  plan::Plan plan(const std::vector<Entry>& inventory, const Compared& compared) {
    using Kind = greenwave::plan::Difference::Kind;
    plan::Input input;
    input.desired = desired;
    input.inventory = inventory;
    input.owed = state->owed();
    input.refused = refused;
    input.differences = compared.differences;
    for (const auto& one : desired) {
      if (serving(drivers, one.manifest.id) == nullptr)
        input.differences[one.manifest.id].kind = Kind::create;
    }
    return greenwave::plan::plan(std::move(input), *compared.places);
  }

  /// One pass of the sync loop, without the network.
  Applied sync(const std::string& commit = "c1") {
    driver.batches.clear();
    heard.clear();
    const auto inventory = state->inventory();
    const auto observed = observe(inventory, drivers, {});
    auto compared = compare({desired, tree}, inventory, observed, false);
    ApplyContext bench{compared.parts, *compared.places, *state, CommitId(commit)};
    bench.stop = stop;
    bench.drifted[id("File/a")] = "content changed";
    bench.progress = [this](const state::Action& action) {
      heard.push_back(action.verb + " " + action.object + (action.ok ? "" : " failed"));
    };
    bench.closed = [this] { return closed ? std::optional<plan::Closed>(plan::Closed{}) : std::nullopt; };
    auto planned = plan(inventory, compared);
    if (closed) plan::hold(planned.steps, 0, {});
    return apply(std::move(planned), bench);
  }

  /// As after a power cut: the state is what the file says.
  void restart() {
    state.reset();
    state = std::make_unique<state::State>(directory / "state.db");
  }

  Entry entry(const std::string& object) const {
    for (const auto& one : state->inventory()) {
      if (one.id == id(object)) return one;
    }
    FAIL("no entry " + object);
    return {};
  }
};

struct PowerCut {};

Words verbs_of(const Applied& applied) {
  Words words;
  for (const auto& action : applied.actions) words.push_back(action.verb + " " + action.object);
  return words;
}

}  // namespace

TEST_CASE("apply: new objects are created in one batch, and the next pass has nothing to do") {
  Cabinet cabinet;
  cabinet.wants(Make("Directory/d")).wants(Make("File/a")).wants(Make("File/b"));
  const auto applied = cabinet.sync();
  CHECK(cabinet.driver.batches == Batches{{"create Directory/d", "create File/a", "create File/b"}});
  CHECK(cabinet.heard == Words{"create Directory/d", "create File/a", "create File/b"});
  CHECK(applied.failed.empty());
  CHECK_FALSE(applied.stopped);
  const auto entry = cabinet.entry("File/a");
  CHECK(entry.digest == cabinet.desired[1].manifest.digest);
  CHECK(entry.commit == CommitId("c1"));
  CHECK(entry.record == "applied");
  CHECK(entry.claims == Words{"path:/etc/a"});
  CHECK(entry.rank == 20);
  CHECK_FALSE(entry.intended);
  CHECK(cabinet.sync("c2").actions.empty());
  CHECK(cabinet.driver.batches.empty());
}

TEST_CASE("apply: an object is in the inventory before it is on the device") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a").annotate(annotations::prune, "disabled"));
  cabinet.driver.before = [&](const plan::Step&) {
    const auto entry = cabinet.entry("File/a");
    CHECK(entry.intended);
    CHECK(entry.digest.is_zero());
    CHECK(entry.record == "intended");
    CHECK(entry.claims == Words{"path:/etc/a"});
    CHECK(entry.keep);
  };
  cabinet.sync();
  CHECK(cabinet.entry("File/a").keep);
}

TEST_CASE("apply: a failed object keeps its old digest and the reason, and the others go on") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a", "old")).wants(Make("File/b", "old"));
  cabinet.sync("c1");
  const auto old = cabinet.entry("File/a").digest;
  cabinet.desired = {Make("File/a", "new"), Make("File/b", "new"), Make("File/c", "new")};
  cabinet.driver.failing = {"File/a", "File/c"};
  const auto applied = cabinet.sync("c2");
  CHECK(cabinet.heard == Words{"update File/a failed", "update File/b", "create File/c failed"});
  REQUIRE(applied.failed.size() == 2);
  CHECK(applied.failed[0].object + ": " + applied.failed[0].reason == "File/a: the disk is full");
  CHECK(cabinet.entry("File/a").digest == old);
  CHECK(cabinet.entry("File/a").intended);
  CHECK(cabinet.entry("File/a").commit == CommitId("c1"));
  CHECK(cabinet.entry("File/a").error == "the disk is full");
  CHECK(cabinet.entry("File/b").commit == CommitId("c2"));
  CHECK(cabinet.entry("File/c").digest.is_zero());

  cabinet.driver.failing.clear();
  CHECK(verbs_of(cabinet.sync("c3")) == Words{"update File/a", "create File/c"});
  CHECK(cabinet.entry("File/a").error.empty());
  CHECK_FALSE(cabinet.entry("File/a").intended);
}

TEST_CASE("apply: what depends on a failed object is skipped, and applied once that is fixed") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a"))
      .wants(Make("File/b").depends_on("File/a"))
      .wants(Make("File/c").depends_on("File/b"));
  cabinet.driver.failing = {"File/a"};
  const auto applied = cabinet.sync();
  CHECK(cabinet.driver.batches == Batches{{"create File/a"}});
  REQUIRE(applied.failed.size() == 3);
  CHECK(applied.failed[1].object + ": " + applied.failed[1].reason ==
        "File/b: skipped because File/a failed; will be applied once File/a is fixed");
  CHECK(cabinet.state->inventory().size() == 1);
  cabinet.driver.failing.clear();
  cabinet.sync();
  CHECK(cabinet.driver.batches == Batches{{"create File/a"}, {"create File/b"}, {"create File/c"}});
}

TEST_CASE("apply: a drifted object is repaired, and the drift is recorded") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a"));
  cabinet.sync("c1");
  cabinet.driver.device[id("File/a")] = sha256("by hand");
  const auto applied = cabinet.sync("c2");
  CHECK(applied.repaired == 1);
  REQUIRE(applied.actions.size() == 1);
  CHECK(applied.actions[0].verb == "repair");
  CHECK(applied.actions[0].reason == "content changed");
  CHECK(cabinet.entry("File/a").commit == CommitId("c1"));
}

TEST_CASE("apply: a unit restarts once for all that changed, and waits for what failed") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a")).wants(Make("File/b"));
  cabinet.wants(Make("SystemdUnit/u").restart_on("File/a").reload_on("File/b"));
  cabinet.sync();
  CHECK(cabinet.driver.batches ==
        Batches{{"create File/a", "create File/b"}, {"create SystemdUnit/u restart:File/a reload:File/b"}});
  CHECK(cabinet.state->owed().empty());

  cabinet.desired[0] = Make("File/a", "new");
  cabinet.desired[1] = Make("File/b", "new");
  cabinet.driver.failing = {"File/a"};
  auto applied = cabinet.sync();
  CHECK(cabinet.driver.batches.size() == 1);
  CHECK(applied.actions.back().error ==
        "held because File/a, which it restarts on, failed; goes on once File/a is fixed");

  cabinet.driver.failing.clear();
  applied = cabinet.sync();
  CHECK(cabinet.driver.batches[1] == Words{"restart SystemdUnit/u restart:File/a reload:File/b"});
  CHECK(applied.actions.back().reason == "restart for File/a");
  CHECK(cabinet.state->owed().empty());
  CHECK(cabinet.sync().actions.empty());
}

TEST_CASE("apply: a unit whose only reason to restart failed is held, and says so") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a")).wants(Make("SystemdUnit/u").restart_on("File/a"));
  cabinet.sync();
  cabinet.desired[0] = Make("File/a", "new");
  cabinet.driver.failing = {"File/a"};
  cabinet.sync();
  const auto applied = cabinet.sync();
  CHECK(cabinet.driver.batches == Batches{{"update File/a"}});
  REQUIRE(applied.failed.size() == 2);
  CHECK(applied.failed[1].object + ": " + applied.failed[1].reason ==
        "SystemdUnit/u: held because File/a, which it restarts on, failed; goes on once File/a is fixed");
}

TEST_CASE("apply: a restart that failed is owed, and tried again") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a")).wants(Make("SystemdUnit/u").restart_on("File/a"));
  cabinet.sync();
  cabinet.desired[0] = Make("File/a", "new");
  cabinet.driver.failing = {"SystemdUnit/u"};
  CHECK(cabinet.sync().failed.size() == 1);
  CHECK(cabinet.state->owed().size() == 1);
  CHECK_FALSE(cabinet.entry("SystemdUnit/u").intended);
  cabinet.driver.failing.clear();
  cabinet.sync();
  CHECK(cabinet.state->owed().empty());
  CHECK(cabinet.entry("SystemdUnit/u").error.empty());
}

TEST_CASE("apply: a restart that is owed for what the unit no longer names is not held up by a later step") {
  Cabinet cabinet;
  cabinet.wants(Make("SystemdUnit/u"));
  cabinet.sync();
  cabinet.wants(Make("SystemdUnit/z"));
  cabinet.state->intend({}, std::vector<plan::Owed>{{id("SystemdUnit/u"), true, id("SystemdUnit/z")}});
  CHECK(verbs_of(cabinet.sync()) == Words{"restart SystemdUnit/u", "create SystemdUnit/z"});
  CHECK(cabinet.state->owed().empty());
}

TEST_CASE("apply: only a confirmed removal leaves the inventory") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a")).wants(Make("File/b"));
  cabinet.sync();
  cabinet.desired.clear();
  cabinet.driver.failing = {"File/a"};
  cabinet.sync();
  REQUIRE(cabinet.state->inventory().size() == 1);
  CHECK(cabinet.entry("File/a").error == "the disk is full");
  cabinet.driver.failing.clear();
  CHECK(verbs_of(cabinet.sync()) == Words{"remove File/a"});
  CHECK(cabinet.state->inventory().empty());
  CHECK(cabinet.driver.device.empty());
}

TEST_CASE("apply: what a driver left in place is recorded in the action") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a"));
  cabinet.sync();
  cabinet.desired.clear();
  cabinet.driver.note = "kept /etc/a, which is a directory now";
  CHECK(cabinet.sync().actions.at(0).reason == cabinet.driver.note);
}

TEST_CASE("apply: a renamed object releases its old name once the new one is applied") {
  Cabinet cabinet;
  cabinet.wants(Make("File/old").claims("path:/etc/motd"));
  cabinet.sync();
  cabinet.desired = {Make("File/new").claims("path:/etc/motd")};
  cabinet.driver.failing = {"File/new"};
  CHECK(verbs_of(cabinet.sync()) == Words{"create File/new"});
  CHECK(cabinet.state->inventory().size() == 2);
  cabinet.driver.failing.clear();
  CHECK(verbs_of(cabinet.sync()) == Words{"create File/new", "release File/old"});
  CHECK(cabinet.state->inventory().size() == 1);
  CHECK(cabinet.driver.batches == Batches{{"create File/new"}});
}

TEST_CASE("apply: an object that no driver serves fails alone") {
  Cabinet cabinet;
  cabinet.driver.kinds = {"File"};
  cabinet.wants(Make("Pod/p")).wants(Make("File/a"));
  const auto applied = cabinet.sync();
  CHECK(cabinet.driver.batches == Batches{{"create File/a"}});
  REQUIRE(applied.failed.size() == 1);
  CHECK(applied.failed[0].reason ==
        "nothing on this device handles greenwave.dev/v1; set the runtime in agent.yaml");
}

TEST_CASE("apply: each driver gets its own batches, in the plan's order") {
  Cabinet cabinet;
  FakeDriver other;
  other.kinds = {"SystemdUnit"};
  cabinet.driver.kinds = {"File", "Command"};
  cabinet.drivers.push_back({&other, &other});
  cabinet.wants(Make("File/a")).wants(Make("SystemdUnit/u")).wants(Make("Command/c"));
  CHECK(cabinet.sync().failed.empty());
  CHECK(cabinet.driver.batches == Batches{{"create File/a"}, {"create Command/c"}});
  CHECK(other.batches == Batches{{"create SystemdUnit/u"}});
}

TEST_CASE("apply: batches are bounded") {
  Cabinet cabinet;
  for (int i = 0; i < 20000; ++i) cabinet.wants(Make("File/" + std::to_string(i)));
  cabinet.sync();
  REQUIRE(cabinet.driver.batches.size() == 3);
  CHECK(cabinet.driver.batches[0].size() == 8192);
  CHECK(cabinet.state->inventory().size() == 20000);
}

TEST_CASE("apply: a stop ends between two steps, and withdraws what was not begun") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a", "old"));
  cabinet.sync("c1");
  cabinet.desired = {Make("File/a", "new"), Make("File/b"), Make("File/c")};
  cabinet.stop = [&] { return !cabinet.heard.empty(); };
  auto applied = cabinet.sync("c2");
  CHECK(applied.stopped);
  CHECK(applied.failed.empty());
  CHECK(verbs_of(applied) == Words{"update File/a"});
  REQUIRE(cabinet.state->inventory().size() == 1);
  CHECK_FALSE(cabinet.entry("File/a").intended);

  cabinet.stop = [] { return true; };
  applied = cabinet.sync("c2");
  CHECK(applied.stopped);
  CHECK(applied.actions.empty());
  cabinet.stop = nullptr;
  applied = cabinet.sync("c2");
  CHECK(verbs_of(applied) == Words{"create File/b", "create File/c"});
  CHECK_FALSE(applied.stopped);
}

TEST_CASE("apply: an exception from a driver fails the rest of its batch and nothing else") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a")).wants(Make("File/b")).wants(Make("File/c").depends_on("File/a"));
  cabinet.driver.before = [](const plan::Step& step) {
    if (step.id.name == "b") throw Error(Fault::internal, "a mistake");
  };
  const auto applied = cabinet.sync();
  CHECK(cabinet.heard == Words{"create File/a", "create File/b failed", "create File/c"});
  CHECK(applied.failed.at(0).reason == "a mistake");
}

TEST_CASE("apply: after a power cut at any step the next pass continues from the inventory") {
  const std::vector<plan::Desired> before{Make("File/a", "old"), Make("File/gone"), Make("File/x"),
                                          Make("SystemdUnit/u", "old").restart_on("File/a")};
  const std::vector<plan::Desired> after{Make("File/a", "new"), Make("File/b"), Make("File/x"),
                                         Make("SystemdUnit/u", "new").restart_on("File/a")};
  const auto cut_late = GENERATE(false, true);
  for (int cut = 0; cut < 5; ++cut) {
    Cabinet cabinet;
    cabinet.desired = before;
    cabinet.sync("c1");
    cabinet.driver.device[id("File/x")] = sha256("by hand");
    cabinet.desired = after;
    bool restarted = false;
    int step_number = 0;
    cabinet.driver.before = [&](const plan::Step& step) {
      if (step_number++ == cut) {
        if (cut_late && step.desired != nullptr)
          cabinet.driver.device[step.id] = step.desired->manifest.digest;
        throw PowerCut();
      }
      if (step.id.kind == "SystemdUnit" && !step.restart_because.empty()) restarted = true;
    };
    CHECK_THROWS_AS(cabinet.sync("c2"), PowerCut);
    cabinet.restart();

    // Whatever is ours on the device is in the inventory.
    for (const auto& [object, content] : cabinet.driver.device) {
      const auto entries = cabinet.state->inventory();
      CHECK(std::any_of(entries.begin(), entries.end(),
                        [&id = object](const Entry& one) { return one.id == id; }));
    }
    const auto applied = cabinet.sync("c2");
    CHECK(applied.failed.empty());
    CHECK(restarted);
    CHECK(cabinet.state->owed().empty());
    CHECK(cabinet.driver.device.size() == 4);
    for (const auto& one : after) {
      CHECK(cabinet.driver.device[one.manifest.id] == one.manifest.digest);
      CHECK(cabinet.entry(to_string(one.manifest.id)).digest == one.manifest.digest);
      CHECK_FALSE(cabinet.entry(to_string(one.manifest.id)).intended);
    }
    CHECK(cabinet.sync("c2").actions.empty());
  }
}

TEST_CASE("apply: nothing is changed on the device when the intent cannot be recorded") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a"));
  { cabinet.sync(); }
  cabinet.state.reset();
  cabinet.state = state::State::open_read_only(cabinet.directory / "state.db");
  cabinet.desired[0] = Make("File/a", "new");
  const auto applied = cabinet.sync();
  REQUIRE(applied.error);
  CHECK(applied.error->fault() == Fault::transient);
  CHECK(cabinet.driver.batches.empty());
}

TEST_CASE("apply: an intent claims what an object had and what it will have") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a", "old").claims("path:/etc/one"));
  cabinet.sync();
  cabinet.desired = {Make("File/a", "new").claims("path:/etc/two")};
  cabinet.driver.before = [&](const plan::Step&) {
    CHECK(cabinet.entry("File/a").claims == Words{"path:/etc/one", "path:/etc/two"});
  };
  cabinet.sync();
  CHECK(cabinet.entry("File/a").claims == Words{"path:/etc/two"});
}

TEST_CASE("apply: a restart that must wait is owed through later commits, and done when it may be") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a", "1")).wants(Make("SystemdUnit/u").restart_on("File/a"));
  cabinet.sync();
  cabinet.closed = true;
  cabinet.desired[0] = Make("File/a", "2");
  auto applied = cabinet.sync("c2");
  CHECK(verbs_of(applied) == Words{"update File/a"});
  REQUIRE(applied.waiting.size() == 1);
  CHECK(applied.waiting[0].object == "SystemdUnit/u");
  CHECK(applied.waiting[0].what == "restart for File/a");
  cabinet.restart();
  applied = cabinet.sync("c3");
  CHECK(applied.waiting.size() == 1);
  CHECK(applied.actions.empty());
  cabinet.closed = false;
  applied = cabinet.sync("c3");
  CHECK(verbs_of(applied) == Words{"restart SystemdUnit/u"});
  CHECK(applied.waiting.empty());
  CHECK(cabinet.state->owed().empty());
  CHECK(cabinet.sync("c3").actions.empty());
}

TEST_CASE("apply: a gate that closes meanwhile defers the disruptive steps that were not begun") {
  Cabinet cabinet;
  for (const char* name : {"Command/a", "Command/b", "Command/c"}) cabinet.wants(Make(name));
  cabinet.driver.disruption = plan::Disruption::whole;
  cabinet.driver.before = [&](const plan::Step& step) { cabinet.closed = step.id.name == "b"; };
  const auto inventory = cabinet.state->inventory();
  const auto applied = cabinet.sync();
  CHECK(verbs_of(applied) == Words{"create Command/a", "create Command/b"});
  REQUIRE(applied.waiting.size() == 1);
  CHECK(applied.waiting[0].object == "Command/c");
  CHECK(applied.waiting[0].what == "create");
  CHECK_FALSE(applied.stopped);
}

TEST_CASE("apply: a unit that was down starts with all pending changes, and no restart remains due") {
  Cabinet cabinet;
  cabinet.wants(Make("File/a", "1")).wants(Make("SystemdUnit/u").restart_on("File/a"));
  cabinet.sync();
  cabinet.closed = true;
  cabinet.driver.owes = false;
  cabinet.desired[0] = Make("File/a", "2");
  cabinet.sync("c2");
  CHECK(cabinet.state->owed().empty());
}
