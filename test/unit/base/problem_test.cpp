#include "base/problem.h"

#include <catch2/catch.hpp>

#include "base/problem_lists.h"

using namespace greenwave;

TEST_CASE("problem: a message about a secret place contains nothing of the original text") {
  Problems problems;
  const Place place{std::make_shared<const std::string>("a.yaml"), 3, 5, true};
  problems.error(place, "\"hunter2\" is no mode", "write hunter3");
  problems.warning(place, "hunter2 is a text here", "write hunter2");
  REQUIRE(problems.size() == 2);
  for (const auto& problem : problems.list()) {
    CHECK(to_string(problem).find("hunter") == std::string::npos);
    CHECK(to_string(problem).starts_with("a.yaml:3:5: "));
  }
}

namespace {

Place at(std::uint32_t line, std::uint32_t column) {
  return {std::make_shared<const std::string>("a.yaml"), line, column};
}

}  // namespace

TEST_CASE("problem: those of one file can be told in its order") {
  Problems problems;
  problems.error(at(9, 1), "third");
  problems.warning(at(2, 7), "second");
  problems.error(at(2, 3), "first");
  const auto sorted = in_file_order(problems);
  REQUIRE(sorted.size() == 3);
  CHECK(sorted.list()[0].message == "first");
  CHECK(sorted.list()[1].severity == Severity::warning);
  CHECK(sorted.list()[2].message == "third");
}

TEST_CASE("problem: one that was found several times is told once, where it came first") {
  Problems problems;
  problems.error(at(9, 1), "twice", "mend it");
  problems.error(at(1, 1), "once");
  problems.error(at(9, 1), "twice", "mend it");
  problems.warning(at(9, 1), "twice", "mend it");
  const auto told = without_repeats(problems);
  REQUIRE(told.size() == 3);
  CHECK(told.list()[0].message == "twice");
  CHECK(told.list()[1].message == "once");
  CHECK(told.list()[2].severity == Severity::warning);
}
