#include "base/problem.h"

#include <catch2/catch.hpp>

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
