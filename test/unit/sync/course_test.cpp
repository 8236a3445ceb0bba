#include "sync/course.h"

#include <catch2/catch.hpp>

#include "state/keys.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace greenwave::sync;

TEST_CASE("course: what is under way is there again after a power cut") {
  const test::TemporaryDirectory directory;
  {
    state::State state(directory / "state.db");
    Course course{.good = "a"};
    course.trial =
        Trial{.commit = "b", .reached = true, .touched = {"SystemdUnit/u"}, .well = {"repository"}};
    course.trial->starts = 2;
    course.trial->process = "p";
    course.trial->reverting = "it failed";
    course.trial->told = true;
    course.trial->undone = {"Command/c"};
    course.trial->not_undone = {"Command/d: it names no undo"};
    write_course(state, course);
  }
  const state::State state(directory / "state.db");
  const auto course = read_course(state);
  CHECK(course.good == "a");
  REQUIRE(course.trial);
  CHECK(course.trial->commit == "b");
  CHECK(course.trial->reached);
  CHECK(course.trial->touched == std::vector<std::string>{"SystemdUnit/u"});
  CHECK(course.trial->well == std::vector<std::string>{"repository"});
  CHECK(course.trial->starts == 2);
  CHECK(course.trial->process == "p");
  CHECK(course.trial->reverting == "it failed");
  CHECK(course.trial->told);
  CHECK(course.trial->undone.size() == 1);
  CHECK(course.trial->not_undone.size() == 1);
  CHECK_FALSE(course.rejected);
}

TEST_CASE("course: a device that an older agent kept is good as it is") {
  const test::TemporaryDirectory directory;
  state::State state(directory / "state.db");
  CHECK(read_course(state).good.empty());
  state.set_value(state::keys::applied, "a");
  CHECK(read_course(state).good == "a");
}

TEST_CASE("course: a record that cannot be read leaves the device good as it is") {
  const test::TemporaryDirectory directory;
  state::State state(directory / "state.db");
  state.set_value(state::keys::applied, "a");
  for (const char* text : {"", "{", "[]", "{\"god\":1}", "{\"good\":\"b\",\"trial\":{}}"}) {
    INFO(text);
    state.set_value(state::keys::course, text);
    CHECK(read_course(state).good == "a");
    CHECK_FALSE(read_course(state).trial);
  }
}
