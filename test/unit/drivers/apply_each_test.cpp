#include "drivers/apply_each.h"

#include <catch2/catch.hpp>

using namespace greenwave;

TEST_CASE("apply: a step that fails is reported, and the steps after it are done") {
  const std::vector<plan::Step> steps(4);
  std::vector<const plan::Step*> order;
  for (const auto& step : steps) order.push_back(&step);
  std::vector<std::pair<const plan::Step*, std::string>> reported;
  std::size_t most = 4;
  SECTION("all of them") {}
  SECTION("but none that would begin after the stop") {
    most = 2;
  }
  drivers::apply_each(
      order,
      [&](const plan::Step& step, const drivers::StepResult& result) {
        CHECK(result.ok == result.error.empty());
        reported.emplace_back(&step, result.error);
      },
      [&] { return reported.size() == most; },
      [&](const plan::Step& step) {
        if (&step == order[1]) throw Error(Fault::transient, "the disk is full");
        drivers::StepResult result;
        result.ok = true;
        return result;
      });
  REQUIRE(reported.size() == most);
  for (std::size_t i = 0; i < most; ++i) {
    CHECK(reported[i].first == order[i]);
    CHECK(reported[i].second == (i == 1 ? "the disk is full" : ""));
  }
}
