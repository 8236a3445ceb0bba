#include "plan/plan.h"

#include <catch2/catch.hpp>

#include "support/objects.h"

using namespace greenwave;
using namespace greenwave::plan;
using namespace greenwave::test;

using Kind = Difference::Kind;
using Words = std::vector<std::string>;

namespace {

/// A device and its repository: what is desired, what is in the inventory, and how the two differ.
struct City {
  std::vector<Desired> desired;
  std::vector<Entry> inventory;
  std::map<ObjectId, Difference> differences;
  std::vector<Owed> owed;
  std::vector<ObjectId> refused;
  bool may_prune = true;

  City& wants(const Desired& one) {
    desired.push_back(one);
    return *this;
  }
  City& has(const Entry& entry) {
    inventory.push_back(entry);
    return *this;
  }
  City& differs(const std::string& object, Kind kind) {
    differences[id(object)].kind = kind;
    return *this;
  }

  Input input() const { return {desired, inventory, differences, owed, {}, refused, may_prune}; }
  Plan plan() const { return greenwave::plan::plan(input(), Places(inventory)); }
  Words steps() const { return in_words(plan()); }
  std::string first_problem() const {
    const auto result = plan();
    REQUIRE_FALSE(result.problems.empty());
    return to_string(result.problems.list().front());
  }
};

std::string verb_of(const Desired& desired, const std::optional<Entry>& entry, Kind kind) {
  City city;
  city.wants(desired);
  if (entry) city.has(*entry);
  city.differences[desired.manifest.id].kind = kind;
  const auto steps = city.plan().steps;
  return steps.empty() ? "" : std::string(to_string(steps.at(0).verb));
}

std::vector<std::size_t> needs_of(const Step& step) {
  std::vector<std::size_t> numbers;
  for (const auto& need : step.needs) numbers.push_back(need.step);
  return numbers;
}

Words refused_of(const Plan& plan) {
  Words names;
  for (const auto& one : plan.refused) names.push_back(to_string(one));
  return names;
}

}  // namespace

TEST_CASE("plan: the verb follows from the inventory and the device") {
  const Desired motd = Make("File/motd", "new");
  const auto same = applied(motd);
  const auto older = applied(Make("File/motd", "old"));
  CHECK(verb_of(motd, {}, Kind::create) == "create");
  CHECK(verb_of(motd, {}, Kind::change) == "adopt");
  CHECK(verb_of(motd, {}, Kind::none) == "adopt");
  CHECK(verb_of(motd, older, Kind::change) == "update");
  CHECK(verb_of(motd, older, Kind::create) == "update");
  CHECK(verb_of(motd, older, Kind::none) == "accept");
  CHECK(verb_of(motd, same, Kind::change) == "repair");
  CHECK(verb_of(motd, same, Kind::create) == "repair");
  CHECK(verb_of(motd, same, Kind::none).empty());
}

TEST_CASE("plan: a unit restarts when another object changes what it is made from") {
  const Desired drop_in = Make("File/drop-in", "new").defines("a.service");
  const Desired other = Make("File/other", "new").defines("b.service");
  const Desired unit = Make("SystemdUnit/a").defined_by("a.service").defined_by("service");
  City city;
  city.wants(drop_in).wants(other).wants(unit);
  city.has(applied(Make("File/drop-in", "old"))).has(applied(Make("File/other", "old"))).has(applied(unit));
  city.differs("File/drop-in", Kind::change).differs("File/other", Kind::change);
  const auto steps = city.plan().steps;
  REQUIRE(steps.size() == 3);
  CHECK(to_string(steps[2].id) == "SystemdUnit/a");
  CHECK(steps[2].verb == Verb::restart);
  CHECK(steps[2].restart_because == std::vector<ObjectId>{id("File/drop-in")});
}

TEST_CASE("plan: a unit of which a template changes restarts after it") {
  const Desired lane = Make("SystemdUnit/z-lane", "new").defines("lane@.service");
  const Desired north =
      Make("SystemdUnit/north").defined_by("lane@north.service").defined_by("lane@.service");
  City city;
  city.wants(north).wants(lane).has(applied(north)).has(applied(Make("SystemdUnit/z-lane", "old")));
  city.differs("SystemdUnit/z-lane", Kind::change);
  CHECK(city.steps() ==
        Words{"update SystemdUnit/z-lane", "restart SystemdUnit/north restart:SystemdUnit/z-lane"});
}

TEST_CASE("plan: a drop-in that goes does so before the unit restarts without it") {
  const Desired unit = Make("SystemdUnit/a").defined_by("a.service").defined_by("*");
  City city;
  city.wants(unit).has(applied(unit));
  city.has(applied(Make("File/drop-in").claims("path:/etc/systemd/system/a.service.d/x.conf")));
  city.has(applied(Make("File/other").claims("path:/etc/systemd/system/b.service.d/x.conf")));
  CHECK(city.steps() ==
        Words{"remove File/drop-in", "restart SystemdUnit/a restart:File/drop-in", "remove File/other"});
}

TEST_CASE("plan: an object whose apply has no recorded result is compared again") {
  const Desired motd = Make("File/motd", "new");
  CHECK(verb_of(motd, only_intended(motd), Kind::create) == "create");
  CHECK(verb_of(motd, only_intended(motd), Kind::change) == "adopt");
  CHECK(verb_of(motd, only_intended(motd), Kind::none) == "accept");
  auto again = applied(motd);
  again.intended = true;
  CHECK(verb_of(motd, again, Kind::none) == "accept");
  CHECK(verb_of(motd, again, Kind::change) == "repair");
}

TEST_CASE("plan: an object without a difference gets no step") {
  City city;
  const Desired motd = Make("File/motd");
  city.wants(motd).has(applied(motd));
  CHECK(city.steps().empty());
}

TEST_CASE("plan: directories come before files, files before units, and equals by name") {
  City city;
  for (const char* object : {"SystemdUnit/b", "File/z", "Command/a", "File/a", "Directory/d"}) {
    city.wants(Make(object)).differs(object, Kind::create);
  }
  CHECK(city.steps() == Words{"create Directory/d", "create File/a", "create File/z", "create SystemdUnit/b",
                              "create Command/a"});
}

TEST_CASE("plan: a directory comes before a file in it, whatever their ranks") {
  City city;
  auto directory = Make("Directory/zone").claims("path:/etc/zone");
  directory.desired.footprint.rank = 90;
  city.wants(Make("File/a").after("path:/etc/zone").after("path:/etc")).wants(directory);
  city.differs("File/a", Kind::create).differs("Directory/zone", Kind::create);
  CHECK(city.steps() == Words{"create Directory/zone", "create File/a"});
}

TEST_CASE("plan: depends-on orders and is noted as a need") {
  City city;
  city.wants(Make("File/a").depends_on("SystemdUnit/u, File/quiet,File/b")).wants(Make("File/b"));
  city.wants(Make("File/quiet")).wants(Make("SystemdUnit/u")).has(applied(Make("File/quiet")));
  for (const char* object : {"File/a", "File/b", "SystemdUnit/u"}) city.differs(object, Kind::create);
  const auto result = city.plan();
  CHECK(in_words(result) == Words{"create File/b", "create SystemdUnit/u", "create File/a"});
  CHECK(needs_of(result.steps[2]) == std::vector<std::size_t>{1, 0});
  CHECK(result.problems.empty());
}

TEST_CASE("plan: order is kept through an object that has nothing to do") {
  City city;
  city.wants(Make("File/a").depends_on("File/b")).wants(Make("File/b").depends_on("File/c"));
  city.wants(Make("File/c")).has(applied(city.desired[1]));
  city.differs("File/a", Kind::create).differs("File/c", Kind::create);
  CHECK(city.steps() == Words{"create File/c", "create File/a"});
}

TEST_CASE("plan: a cycle is named, and refuses only its members and what waits for them") {
  City city;
  city.wants(Make("File/a").depends_on("SystemdUnit/b")).wants(Make("SystemdUnit/b").restart_on("File/a"));
  city.wants(Make("File/free")).wants(Make("SystemdUnit/after").restart_on("SystemdUnit/b"));
  for (const auto& one : city.desired) city.differences[one.manifest.id].kind = Kind::create;
  const auto result = city.plan();
  REQUIRE(result.problems.size() == 2);
  CHECK(to_string(result.problems.list()[0])
            .starts_with("a.yaml:1:1: error: these wait for each other: File/a → SystemdUnit/b → File/a; "));
  CHECK(to_string(result.problems.list()[1]) ==
        "after.yaml:1:1: error: SystemdUnit/after is held: it restarts on SystemdUnit/b, which was refused; "
        "fix SystemdUnit/b first");
  CHECK(refused_of(result) == Words{"File/a", "SystemdUnit/after", "SystemdUnit/b"});
  CHECK(in_words(result) == Words{"create File/free"});
}

TEST_CASE("plan: an object that depends on itself is a cycle of one") {
  City city;
  city.wants(Make("File/a").depends_on("File/a"));
  CHECK(city.first_problem().find("File/a → File/a;") != std::string::npos);
}

TEST_CASE("plan: two cycles that share an object are both reported") {
  City city;
  city.wants(Make("File/a").depends_on("File/b, File/c"));
  city.wants(Make("File/b").depends_on("File/a")).wants(Make("File/c").depends_on("File/a"));
  const auto result = city.plan();
  CHECK(result.problems.size() == 2);
  CHECK(refused_of(result) == Words{"File/a", "File/b", "File/c"});
}

TEST_CASE("plan: what depends on a refused object is held, and so is what depends on that") {
  City city;
  city.wants(Make("File/a").depends_on("File/b")).wants(Make("File/b").depends_on("File/gone-wrong"));
  city.refused.push_back(id("File/gone-wrong"));
  city.differs("File/a", Kind::create).differs("File/b", Kind::create);
  const auto result = city.plan();
  CHECK(result.steps.empty());
  CHECK(refused_of(result) == Words{"File/a", "File/b"});
  CHECK(to_string(result.problems.list()[0]) ==
        "b.yaml:1:1: error: File/b is skipped: it depends on File/gone-wrong, which was refused; "
        "fix File/gone-wrong first");
}

TEST_CASE("plan: a reference to a missing object refuses the object and suggests what was probably meant") {
  City city;
  city.wants(Make("SystemdUnit/chrony").restart_on("File/chronny")).wants(Make("File/chrony"));
  city.wants(Make("File/b").depends_on("File/nowhere-at-all"));
  for (const auto& one : city.desired) city.differences[one.manifest.id].kind = Kind::create;
  const auto result = city.plan();
  REQUIRE(result.problems.size() == 2);
  CHECK(
      to_string(result.problems.list()[0]) ==
      "b.yaml:5:7: error: File/b depends on File/nowhere-at-all, which no manifest of this device declares; "
      "declare it, or remove the reference");
  CHECK(
      to_string(result.problems.list()[1]) ==
      "chrony.yaml:1:1: error: SystemdUnit/chrony restarts on File/chronny, which no manifest of this device "
      "declares; did you mean File/chrony?");
  CHECK(in_words(result) == Words{"create File/chrony"});
}

TEST_CASE("plan: a malformed depends-on refuses the object with the accepted form") {
  City city;
  city.wants(Make("File/a").depends_on("motd"));
  CHECK(city.first_problem() ==
        "a.yaml:5:7: error: greenwave.dev/depends-on: \"motd\" is not a reference to an object; write "
        "Kind/name, or "
        "Kind/namespace/name");
}

TEST_CASE("plan: two objects for one path are both refused, with both places") {
  City city;
  city.wants(Make("File/a").claims("path:/etc/motd")).wants(Make("File/b").claims("path:/etc/motd"));
  city.wants(Make("File/c")).has(applied(city.desired[1]));
  for (const auto& one : city.desired) city.differences[one.manifest.id].kind = Kind::create;
  const auto result = city.plan();
  CHECK(to_string(result.problems.list().at(0)) ==
        "b.yaml:1:1: error: File/b and File/a (a.yaml:1:1) both claim path /etc/motd; remove one of the two; "
        "until then neither is applied");
  CHECK(refused_of(result) == Words{"File/a", "File/b"});
  CHECK(in_words(result) == Words{"create File/c"});
}

TEST_CASE("plan: what a refused object still has on the device is not given to another") {
  City city;
  city.has(applied(Make("File/broken").claims("path:/etc/motd")));
  city.refused.push_back(id("File/broken"));
  city.wants(Make("File/motd").claims("path:/etc/motd")).differs("File/motd", Kind::change);
  CHECK(city.plan().steps.empty());
  CHECK(city.first_problem() ==
        "motd.yaml:1:1: error: File/motd claims path /etc/motd, which File/broken still has; fix why "
        "File/broken was refused, or remove its manifest");
}

TEST_CASE("plan: an object whose new manifest was refused is neither changed nor pruned") {
  City city;
  const Desired motd = Make("File/motd", "new");
  city.has(applied(Make("File/issue"))).has(applied(Make("File/motd", "old"))).wants(motd);
  city.differs("File/motd", Kind::change);
  city.refused = {id("File/motd"), id("File/issue")};
  const auto result = city.plan();
  CHECK(result.steps.empty());
  CHECK(result.refused.empty());
}

TEST_CASE(
    "plan: a renamed object takes over its path, and the old name is dropped without a change to the "
    "device") {
  City city;
  city.has(applied(Make("File/old").claims("path:/etc/motd")));
  city.wants(Make("File/new").claims("path:/etc/motd")).differs("File/new", Kind::none);
  const auto result = city.plan();
  CHECK(in_words(result) == Words{"adopt File/new", "release File/old"});
  CHECK(needs_of(result.steps[1]) == std::vector<std::size_t>{0});
}

TEST_CASE("plan: a renamed object that is refused leaves the old one as it is") {
  City city;
  city.has(applied(Make("File/old").claims("path:/etc/motd")));
  city.wants(Make("File/new").claims("path:/etc/motd").depends_on("File/missing"));
  CHECK(city.plan().steps.empty());
}

TEST_CASE("plan: a file that becomes a directory is removed first, with what is in the way") {
  City city;
  city.has(applied(Make("Directory/zone").claims("path:/etc/zone")));
  city.has(applied(Make("File/inner").claims("path:/etc/zone/a"))).has(applied(Make("File/other")));
  city.wants(Make("File/flat").claims("path:/etc/zone")).differs("File/flat", Kind::create);
  CHECK(replacing(city.input(), Places(city.inventory)) == std::vector{id("File/flat")});
  const auto result = city.plan();
  CHECK(in_words(result) ==
        Words{"remove File/inner", "remove Directory/zone", "create File/flat", "remove File/other"});
  CHECK(needs_of(result.steps[2]) == std::vector<std::size_t>{1, 0});
}

TEST_CASE("plan: a place that must not be emptied refuses what would take it") {
  City city;
  auto kept = applied(Make("Directory/zone").claims("path:/etc/zone"));
  kept.keep = true;
  city.has(kept).wants(Make("File/flat").claims("path:/etc/zone")).differs("File/flat", Kind::create);
  CHECK(city.plan().steps.empty());
  CHECK(city.first_problem().starts_with(
      "flat.yaml:1:1: error: File/flat takes the place of Directory/zone, which may not be removed; "));
  city.inventory[0].keep = false;
  city.may_prune = false;
  CHECK(city.plan().steps.empty());
}

TEST_CASE("plan: an object that moves away comes before the one that takes its path") {
  City city;
  city.has(applied(Make("File/z").claims("path:/etc/motd")));
  city.wants(Make("File/a").claims("path:/etc/motd"))
      .wants(Make("File/z", "moved").claims("path:/etc/issue"));
  city.differs("File/a", Kind::change).differs("File/z", Kind::create);
  CHECK(city.steps() == Words{"update File/z", "adopt File/a"});
}

TEST_CASE("plan: what is no longer declared is removed last, units before files, deepest paths first") {
  City city;
  city.has(applied(Make("Directory/d").claims("path:/etc/d")));
  city.has(applied(Make("Directory/e").claims("path:/etc/d/e")));
  city.has(applied(Make("File/f").claims("path:/etc/d/e/f"))).has(applied(Make("SystemdUnit/u")));
  city.wants(Make("File/new")).differs("File/new", Kind::create);
  CHECK(city.steps() == Words{"create File/new", "remove SystemdUnit/u", "remove File/f",
                              "remove Directory/e", "remove Directory/d"});
}

TEST_CASE("plan: nothing is removed that its annotation keeps, or when pruning is off") {
  City city;
  auto kept = applied(Make("File/kept"));
  kept.keep = true;
  city.has(kept).has(applied(Make("File/plain"))).wants(Make("File/a"));
  CHECK(city.steps() == Words{"remove File/plain"});
  city.may_prune = false;
  CHECK(city.steps().empty());
}

TEST_CASE("plan: a unit restarts for the files that change, once, after them") {
  City city;
  city.wants(Make("File/a")).wants(Make("File/b")).wants(Make("File/c"));
  city.wants(Make("SystemdUnit/u").restart_on("File/a").restart_on("File/b").reload_on("File/c"));
  for (const auto& one : city.desired) city.has(applied(one));
  city.inventory[1].digest = {};
  city.inventory[1].digest.bytes[0] = 1;
  city.differs("File/a", Kind::change).differs("File/b", Kind::none);
  CHECK(city.steps() == Words{"repair File/a", "accept File/b", "restart SystemdUnit/u restart:File/a"});
  city.differs("File/c", Kind::change);
  CHECK(city.steps().back() == "restart SystemdUnit/u restart:File/a reload:File/c");
  city.differences.erase(id("File/a"));
  CHECK(city.steps().back() == "reload SystemdUnit/u reload:File/c");
  city.differs("SystemdUnit/u", Kind::change);
  CHECK(city.steps().back() == "repair SystemdUnit/u reload:File/c");
}

TEST_CASE("plan: what may be missing restarts its object where it is declared") {
  City city;
  Make pod("Pod/web");
  pod.desired.footprint.restart_on_declared = {parse_object_ref("File/a"), parse_object_ref("File/nowhere")};
  city.wants(Make("File/a")).wants(pod);
  for (const auto& one : city.desired) city.has(applied(one));
  city.differs("File/a", Kind::change);
  CHECK(city.steps() == Words{"repair File/a", "restart Pod/web restart:File/a"});
}

TEST_CASE("plan: adopting a file that is already correct restarts nothing") {
  City city;
  city.wants(Make("File/a")).wants(Make("SystemdUnit/u").restart_on("File/a"));
  city.has(applied(city.desired[1])).differs("File/a", Kind::none);
  CHECK(city.steps() == Words{"adopt File/a"});
  city.differs("File/a", Kind::change);
  CHECK(city.steps() == Words{"adopt File/a", "restart SystemdUnit/u restart:File/a"});
}

TEST_CASE("plan: a restart that an earlier sync promised is done, unless its unit is gone") {
  City city;
  const Desired unit = Make("SystemdUnit/u");
  city.wants(unit).has(applied(unit));
  city.owed = {{id("SystemdUnit/u"), true, id("File/a")}, {id("SystemdUnit/gone"), true, id("File/a")}};
  CHECK(city.steps() == Words{"restart SystemdUnit/u restart:File/a"});
  city.owed[0].restart = false;
  CHECK(city.steps() == Words{"reload SystemdUnit/u reload:File/a"});
}

TEST_CASE("plan: a promised restart waits while its cause is refused, and is not doubled by a new cause") {
  City city;
  city.wants(Make("File/a")).wants(Make("SystemdUnit/u").restart_on("File/a")).has(applied(city.desired[1]));
  city.differs("File/a", Kind::create);
  city.owed = {{id("SystemdUnit/u"), true, id("File/a")}};
  CHECK(city.steps() == Words{"create File/a", "restart SystemdUnit/u restart:File/a"});
  city.refused = {id("File/a")};
  CHECK(city.steps().empty());
}

TEST_CASE("plan: a render that comes out empty prunes nothing and says how to allow it") {
  City city;
  city.has(applied(Make("File/a")));
  const auto problem = empty_render(city.input());
  REQUIRE(problem);
  CHECK(
      to_string(*problem) ==
      "greenwave.yaml: error: this commit declares nothing for this device, and would remove 1 object; if "
      "this "
      "is intended, set spec.allowEmpty: true in greenwave.yaml, or run greenwave sync --allow-empty; until "
      "then "
      "nothing changes");
  city.inventory[0].keep = true;
  CHECK_FALSE(empty_render(city.input()));
  city.inventory[0].keep = false;
  city.refused = {id("File/b")};
  CHECK_FALSE(empty_render(city.input()));
  CHECK_FALSE(empty_render(City{}.input()));
}

TEST_CASE("plan: the order of the input does not change the plan") {
  City forward;
  for (int i = 0; i < 20; ++i) {
    const auto object = "File/f" + std::to_string(i);
    forward.wants(Make(object).depends_on(i % 3 == 0 && i > 0 ? "File/f" + std::to_string(i - 1) : ""));
    forward.differs(object, Kind::create);
  }
  City backward = forward;
  std::reverse(backward.desired.begin(), backward.desired.end());
  CHECK(forward.steps().size() == 20);
  CHECK(forward.steps() == backward.steps());
}

TEST_CASE("plan: neither a long chain of dependencies nor a long cycle is a problem") {
  City city;
  const int count = 2000;
  for (int i = 0; i < count; ++i) {
    city.wants(Make("File/" + std::to_string(i)).depends_on(i > 0 ? "File/" + std::to_string(i - 1) : ""));
    city.differs("File/" + std::to_string(i), Kind::create);
  }
  CHECK(city.plan().steps.back().id.name == std::to_string(count - 1));
  city.desired[0] = Make("File/0").depends_on("File/" + std::to_string(count - 1));
  const auto result = city.plan();
  CHECK(result.steps.empty());
  CHECK(result.problems.size() == 1);
}

TEST_CASE("plan: nothing is kept in a directory that a purge empties, and both are refused") {
  const auto directory = Make("Directory/app").claims("path:/etc/app").purges();
  const auto file = Make("File/inside").claims("path:/etc/app/conf.d/inside");
  const auto beside = Make("File/beside").claims("path:/etc/apple");
  City city;
  city.wants(directory).wants(file).wants(beside);
  for (const auto& one : {"Directory/app", "File/inside", "File/beside"}) city.differs(one, Kind::create);
  CHECK(city.steps() == Words{"create File/beside"});
  CHECK(refused_of(city.plan()) == Words{"Directory/app", "File/inside"});
  CHECK(city.first_problem() ==
        "inside.yaml:1:1: error: File/inside claims path /etc/app/conf.d/inside, and Directory/app "
        "(app.yaml:1:1) removes what is not in its own source there; put it into the source, choose a path "
        "outside, or remove purge; until then neither is applied");
}

TEST_CASE("plan: a purge waits for what stays in its directory") {
  const auto directory = Make("Directory/app").claims("path:/etc/app").purges();
  const auto inside = Make("File/inside").claims("path:/etc/app/inside");
  City refused;
  refused.wants(directory).has(applied(inside)).differs("Directory/app", Kind::create);
  refused.refused.push_back(id("File/inside"));
  CHECK(refused.steps() == Words{});
  CHECK(refused.first_problem().find("would remove path /etc/app/inside, which File/inside still has") !=
        std::string::npos);

  auto kept = applied(inside);
  kept.keep = true;
  City keeps;
  keeps.wants(directory).has(kept).differs("Directory/app", Kind::create);
  CHECK(keeps.first_problem().find("which File/inside leaves there") != std::string::npos);

  City leaves;
  leaves.wants(directory).has(applied(inside)).differs("Directory/app", Kind::create);
  CHECK(leaves.steps() == Words{"remove File/inside", "create Directory/app"});
}

TEST_CASE("plan: two objects that swap paths in one commit are refused, with how to do it in two") {
  const auto a = Make("File/a").claims("path:/etc/b");
  const auto b = Make("File/b").claims("path:/etc/a");
  City city;
  city.wants(a).wants(b);
  city.has(applied(Make("File/a").claims("path:/etc/a"))).has(applied(Make("File/b").claims("path:/etc/b")));
  city.differs("File/a", Kind::change).differs("File/b", Kind::change);
  CHECK(city.steps() == Words{});
  CHECK(city.first_problem() ==
        "a.yaml:1:1: error: these swap places: File/a → File/b → File/a; move one of them to a "
        "new "
        "place first, in a separate commit");
}

TEST_CASE("plan: a file's old path that becomes a directory in the same commit") {
  const auto moved = Make("File/a").claims("path:/etc/a/b").after("path:/etc/a");
  City city;
  city.wants(moved).has(applied(Make("File/a").claims("path:/etc/a"))).differs("File/a", Kind::create);
  CHECK(city.steps() == Words{});
  CHECK(city.first_problem() ==
        "a.yaml:1:1: error: File/a moves below path /etc/a, where its own file still is; give it a new name, "
        "so that "
        "the old one is pruned first; or move it to another place first, in a separate commit");

  City other;
  other.wants(Make("File/new").claims("path:/etc/a/b").after("path:/etc/a"));
  other.has(applied(Make("File/a").claims("path:/etc/a"))).differs("File/new", Kind::create);
  CHECK(other.steps() == Words{"remove File/a", "create File/new"});
}

TEST_CASE(
    "plan: a changed unit is held while what it restarts on is refused, and others' restarts stay owed") {
  City city;
  city.wants(Make("File/x")).wants(Make("File/y"));
  city.wants(Make("SystemdUnit/u", "new").restart_on("File/x").restart_on("File/y"));
  city.has(applied(Make("SystemdUnit/u", "old").restart_on("File/x")));
  city.differs("File/y", Kind::change).differs("SystemdUnit/u", Kind::change);
  city.refused = {id("File/x")};
  const auto result = city.plan();
  CHECK(in_words(result) == Words{"adopt File/y"});
  CHECK(
      to_string(result.problems.list().at(0)) ==
      "u.yaml:1:1: error: SystemdUnit/u is held: it restarts on File/x, which was refused; fix File/x first");
  REQUIRE(result.owed.size() == 1);
  CHECK(result.owed[0].because == id("File/y"));
}

TEST_CASE(
    "plan: a unit that drifted is repaired while what it restarts on is refused, and does not restart") {
  City city;
  city.wants(Make("File/x")).wants(Make("File/y"));
  city.wants(Make("SystemdUnit/u").restart_on("File/x").restart_on("File/y")).has(applied(city.desired[2]));
  city.differs("File/y", Kind::change).differs("SystemdUnit/u", Kind::change);
  city.refused = {id("File/x")};
  CHECK(city.steps() == Words{"adopt File/y", "repair SystemdUnit/u"});
  CHECK(city.plan().problems.empty());
  CHECK(city.plan().owed.size() == 1);
}

TEST_CASE("plan: a unit whose repair a power cut ended is repaired while what it restarts on is refused") {
  City city;
  city.wants(Make("File/x")).wants(Make("SystemdUnit/u").restart_on("File/x"));
  auto begun = applied(city.desired[1]);
  begun.intended = true;
  city.has(begun).differs("SystemdUnit/u", Kind::change);
  city.refused = {id("File/x")};
  CHECK(city.steps().size() == 1);
  CHECK(city.plan().problems.empty());
}

TEST_CASE("plan: what a step needs says why, and which place the other one gives up") {
  City city;
  city.has(applied(Make("File/a").claims("path:/etc/1"))).has(applied(Make("File/b").claims("path:/etc/2")));
  city.wants(Make("File/a", "new").claims("path:/etc/2")).wants(Make("File/b", "new").claims("path:/etc/3"));
  city.differs("File/a", Kind::create).differs("File/b", Kind::create);
  const auto result = city.plan();
  CHECK(in_words(result) == Words{"update File/b", "update File/a"});
  CHECK(result.steps[1].needs == std::vector<Need>{{0, Why::place, "path:/etc/2"}});
}

TEST_CASE("plan: no container sees the device by a name that another one may change") {
  City city;
  const Desired keeper = Make("Pod/keeper").mounts("/srv/maps", true);
  const Desired reader = Make("Pod/reader").mounts("/srv", false).mounts("/srv/maps", false);
  const Desired same = Make("Pod/same").mounts("/srv/maps", true);
  const Desired beside = Make("Pod/beside").mounts("/srv/mapsandmore", true);
  const Desired below = Make("Pod/below").mounts("/srv/maps/sf/tiles", false);
  const Desired both = Make("Pod/both").mounts("/opt/a", true).mounts("/opt/a/b", true);
  city.wants(keeper).wants(reader).wants(same).wants(beside).wants(below).wants(both);
  const auto result = city.plan();
  REQUIRE(result.problems.size() == 2);
  CHECK(
      to_string(result.problems.list()[0]) ==
      "below.yaml:1:1: error: Pod/below mounts /srv/maps/sf/tiles, in whose place a container of Pod/keeper "
      "could put a link: it may write to /srv/maps; mount /srv/maps here too, or with readOnly: true there");
  CHECK(to_string(result.problems.list()[1])
            .find("Pod/both mounts /opt/a/b, in whose place a container of Pod/both") != std::string::npos);
  CHECK(refused_of(result) == Words{"Pod/below", "Pod/both"});
}
