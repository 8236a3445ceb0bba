#include "daemon/repeats.h"

#include <vector>

#include <catch2/catch.hpp>

using namespace greenwave;

TEST_CASE("repeats: what fails at every sync is logged at the first, second, fourth, eighth time") {
  daemon::Repeats repeats;
  std::vector<int> logged;
  for (int sync = 1; sync <= 20; ++sync) {
    if (repeats.due("repair File/a: no")) logged.push_back(sync);
    CHECK_FALSE(repeats.due("repair File/a: no"));  // once a sync is enough
    repeats.end_sync();
  }
  CHECK(logged == std::vector<int>{1, 2, 4, 8, 16});
}

TEST_CASE("repeats: what was well for a sync is new again, and another failure always is") {
  daemon::Repeats repeats;
  for (int sync = 0; sync < 3; ++sync) {
    repeats.due("one");
    repeats.end_sync();
  }
  CHECK(repeats.due("two") == "two");
  repeats.end_sync();
  CHECK(repeats.due("one") == "one");
  repeats.end_sync();
  CHECK(repeats.due("one") == "one (2 times in a row)");
}
