#include <functional>

#include <catch2/catch.hpp>

#include "state/keys.h"
#include "support/temporary_directory.h"
#include "sync/course_record.h"

using namespace greenwave;
using namespace greenwave::sync;

TEST_CASE("course: an unfinished course survives a power cut") {
  const test::TemporaryDirectory directory;
  {
    state::State state(directory / "state.db");
    Course course{.good = CommitId("a")};
    course.trial =
        Trial{.commit = CommitId("b"), .reached = true, .touched = {"SystemdUnit/u"}, .well = {"repository"}};
    course.trial->starts = 2;
    course.trial->process = "p";
    course.trial->reverting = "it failed";
    course.trial->told = true;
    course.trial->own_change = "q";
    course.trial->undone = {"Command/c"};
    course.trial->not_undone = {"Command/d: it names no undo"};
    course.refused = {{"File/f", "base/broken.yaml"}};
    write_course(state, course);
  }
  const state::State state(directory / "state.db");
  const auto course = read_course(state);
  CHECK(course.good == CommitId("a"));
  REQUIRE(course.trial);
  CHECK(course.trial->commit == CommitId("b"));
  CHECK(course.trial->reached);
  CHECK(course.trial->touched == std::vector<std::string>{"SystemdUnit/u"});
  CHECK(course.trial->well == std::vector<std::string>{"repository"});
  CHECK(course.trial->starts == 2);
  CHECK(course.trial->process == "p");
  CHECK(course.trial->reverting == "it failed");
  CHECK(course.trial->told);
  CHECK(course.trial->own_change == "q");
  CHECK(course.trial->undone.size() == 1);
  CHECK(course.trial->not_undone.size() == 1);
  REQUIRE(course.refused);
  CHECK(*course.refused == std::vector<std::string>{"File/f", "base/broken.yaml"});
  CHECK_FALSE(course.rejected);
}

TEST_CASE("course: the state that an older agent left counts as good") {
  const test::TemporaryDirectory directory;
  state::State state(directory / "state.db");
  CHECK(read_course(state).good.empty());
  state.set_value(state::keys::applied, "a");
  CHECK(read_course(state).good == CommitId("a"));
  CHECK_FALSE(read_course(state).refused);
}

TEST_CASE("course: with an unreadable record the device's state counts as good") {
  const test::TemporaryDirectory directory;
  state::State state(directory / "state.db");
  state.set_value(state::keys::applied, "a");
  for (const char* text : {"", "{", "[]", "{\"god\":1}", "{\"good\":\"b\",\"trial\":{}}"}) {
    INFO(text);
    state.set_value(state::keys::course, text);
    CHECK(read_course(state).good == CommitId("a"));
    CHECK_FALSE(read_course(state).trial);
  }
}

namespace {

constexpr Time noon{};

const CommitId a("a");
const CommitId b("b");
const CommitId c("c");

/// At `a`, with `b` on trial in this process.
Course trying(const std::string& process = "p", unsigned starts = 1) {
  Course course{.good = a, .trial = Trial{.commit = b}};
  course.trial->starts = starts;
  course.trial->process = process;
  return course;
}

Course turning(const std::string& why, const std::string& process = "p", unsigned starts = 1) {
  auto course = trying(process, starts);
  course.trial->reverting = why;
  return course;
}

Course with_rejected(const CommitId& commit) {
  return {.good = a, .rejected = Rejected{.commit = commit}};
}

Course with_refused(const CommitId& good, std::vector<std::string> refused = {"File/f"}) {
  return {.good = good, .refused = std::move(refused)};
}

const std::string third_apply = "the agent was started for the third time in the middle of applying it";
const std::string third_revert = "the agent was started for the third time in the middle of it";

}  // namespace

TEST_CASE("course: each step leads from one course to the next, and to no other") {
  struct Row {
    const char* what;
    Course from;
    std::function<Course(Course)> step;
    Course to;
  };
  const auto resume = [](const CommitId& tip, const std::string& process) {
    return [=](Course course) { return resumed(std::move(course), tip, process, noon); };
  };
  const auto begin = [](Beginning beginning) {
    return [=](Course course) { return begun(std::move(course), beginning); };
  };
  auto reverted_alone = with_rejected(b);
  reverted_alone.rejected->reason = "no";
  auto stuck = with_rejected(b);
  stuck.rejected->reason = "no";
  stuck.rejected->stuck = third_revert;
  auto first_unwell = trying();
  first_unwell.good = {};
  auto first_noted = first_unwell;
  first_noted.trial->unwell = "no";
  auto touching = trying();
  touching.trial->touched = {"SystemdUnit/u"};
  touching.trial->reached = true;
  auto other = touching;
  other.trial->commit = c;
  other.trial->reached = false;
  auto waiting = trying("");
  auto well = trying();
  well.trial->well = {"HealthCheck/h"};
  auto told = turning("no", "q");
  told.trial->told = true;
  auto half_undone = turning("no");
  half_undone.trial->undone = {"Command/f"};
  half_undone.trial->not_undone = {"Command/f: it names no undo"};
  half_undone.trial->told = true;
  auto overtaken = trying();
  overtaken.trial->commit = c;
  auto both = with_rejected(b);
  both.trial = Trial{.commit = b};
  auto both_renamed = with_rejected(c);
  both_renamed.trial = Trial{.commit = c};
  auto undoing = turning("no");
  undoing.trial->told = true;
  auto excusing = with_refused(a);
  excusing.trial = trying().trial;
  excusing.trial->failed_before = {"File/f"};
  auto excusing_all = trying();
  excusing_all.trial->failed_before = {"File/g"};
  auto rejected_beside = with_rejected(b);
  rejected_beside.refused = std::vector<std::string>{};
  const std::vector<Row> rows{
      {"a commit has another name now", both, [](Course course) { return renamed(std::move(course), b, c); },
       both_renamed},
      {"the good one has",
       {.good = a},
       [](Course course) { return renamed(std::move(course), a, b); },
       {.good = b}},
      {"another one has", both, [](Course course) { return renamed(std::move(course), c, a); }, both},
      {"nothing on trial, nothing to resume", {.good = a}, resume(b, "p"), {.good = a}},
      {"the ref moved on from a rejected commit", with_rejected(b), resume(c, "p"), {.good = a}},
      {"the ref stays at it", with_rejected(b), resume(b, "p"), with_rejected(b)},
      {"nobody knows where the ref is", with_rejected(b), resume({}, "p"), with_rejected(b)},
      {"the same process goes on", trying("p"), resume(b, "p"), trying("p")},
      {"a pass that ended is no crash", waiting, resume(b, "q"), waiting},
      {"a second start", trying("p", 1), resume(b, "q"), trying("q", 2)},
      {"a third start turns back", trying("p", 2), resume(b, "q"), turning(third_apply, "q", 1)},
      {"a third start of turning back gives up", turning("no", "p", 2), resume(b, "q"), stuck},
      {"the good commit is on no trial",
       {.good = a},
       begin({.commit = a, .process = "p", .changes = true, .acts = true}),
       {.good = a}},
      {"no steps, no trial", {.good = a}, begin({.commit = b, .process = "p"}), {.good = a}},
      {"a new commit is on trial",
       {.good = a},
       begin({.commit = b,
              .process = "p",
              .changes = true,
              .acts = true,
              .touched = {"SystemdUnit/u"},
              .reached = true}),
       touching},
      {"a rejected commit that is insisted on is on trial", with_rejected(b),
       begin({.commit = b, .process = "p", .changes = true, .acts = true}), trying()},
      {"a third commit answers for what the second touched", touching,
       begin({.commit = c, .process = "p", .changes = true, .acts = true}), other},
      {"a newer commit overtakes a way back that is not at its end", half_undone,
       begin({.commit = c, .process = "p", .changes = true, .acts = true}), overtaken},
      {"the commit that is taken back does not", half_undone,
       begin({.commit = b, .process = "p", .changes = true, .acts = true}), half_undone},
      {"what is well is asked again after a change", well,
       begin({.commit = b, .process = "p", .changes = true, .acts = true}), trying()},
      {"but not after one that only waits", well, begin({.commit = b, .process = "p", .changes = true}),
       well},
      {"everything is asked again once something is pruned", well, pruning, trying()},
      {"healthy", trying(), [](Course course) { return proved(std::move(course), b, {}, {}); },
       with_refused(b, {})},
      {"healthy beside what it refuses", trying(),
       [](Course course) { return proved(std::move(course), b, {}, {"File/f"}); }, with_refused(b)},
      {"what was refused before is not a newer commit's doing", with_refused(a),
       begin({.commit = b, .process = "p", .changes = true, .acts = true, .refused = {"File/g"}}), excusing},
      {"nor what is, where an older agent noted nothing",
       {.good = a},
       begin({.commit = b, .process = "p", .changes = true, .acts = true, .refused = {"File/g"}}),
       excusing_all},
      {"the first commit of a device", first_unwell,
       [](Course course) { return proved(std::move(course), b, {}, {}); }, with_refused(b, {})},
      {"back at the good commit", trying(),
       [](Course course) { return proved(std::move(course), a, {}, {}); }, with_refused(a, {})},
      {"the good commit stays beside a rejected one", with_rejected(b),
       [](Course course) { return proved(std::move(course), a, {}, {}); }, rejected_beside},
      {"well once", trying(), [](Course course) { return found_well(std::move(course), {"HealthCheck/h"}); },
       well},
      {"well twice counts once", well,
       [](Course course) { return found_well(std::move(course), {"HealthCheck/h"}); }, well},
      {"not healthy, with a way back", trying("p", 2),
       [](Course course) { return found_unwell(std::move(course), "no"); }, turning("no")},
      {"not healthy, with none", first_unwell,
       [](Course course) { return found_unwell(std::move(course), "no"); }, first_noted},
      {"the way back begins", turning("no"),
       [](Course course) { return turning_back(std::move(course), "q"); }, told},
      {"a command that cannot be undone", undoing,
       [](Course course) { return undone(std::move(course), "Command/f", "it names no undo"); }, half_undone},
      {"back", turning("no"), [](Course course) { return reverted(std::move(course), {}, noon); },
       reverted_alone},
      {"a pass ends", trying("p"), ended, waiting},
      {"a pass ends with nothing on trial", {.good = a}, ended, {.good = a}},
  };
  for (const auto& row : rows) {
    INFO(row.what);
    CHECK((row.step(row.from) == row.to));
  }
}
