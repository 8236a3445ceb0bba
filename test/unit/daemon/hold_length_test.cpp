#include "daemon/hold_length.h"

#include <random>

#include <catch2/catch.hpp>

using namespace greenwave;
using namespace std::chrono_literals;
using daemon::HoldLength;

namespace {

/// A link that cuts what is silent for `cut`. Returns how many of the last 500 questions were lost.
int lost_on(HoldLength& length, Duration cut) {
  int lost = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto asked = length.next();
    if (asked < cut) {
      length.lasted(asked);
    } else {
      length.lost(asked);
      if (i >= 500) ++lost;
    }
  }
  return lost;
}

}  // namespace

TEST_CASE("hold length: on a link that cuts nothing, questions are held for a quarter of an hour") {
  HoldLength length;
  CHECK(length.next() < 60s);
  for (int i = 0; i < 20; ++i) length.lasted(length.next());
  CHECK(length.next() == 15min);
}

TEST_CASE("hold length: a carrier that cuts at 90 seconds is learnt, and hardly ever tried again") {
  HoldLength length;
  CHECK(lost_on(length, 90s) <= 10);
  CHECK(length.next() >= 40s);
}

TEST_CASE(
    "hold length: whatever a link cuts at, few questions are lost and most last half as long as they may") {
  std::minstd_rand random(7);
  for (int i = 0; i < 200; ++i) {
    const auto cut = std::chrono::seconds(std::uniform_int_distribution<int>(30, 1200)(random));
    HoldLength length;
    INFO("cut at " << cut.count() << " s");
    CHECK(lost_on(length, cut) <= 10);
    CHECK(length.next() >= std::min<Duration>(cut, 15min) / 2);
  }
}

TEST_CASE("hold length: what is lost at once says nothing of the link, and what a poll cut short neither") {
  HoldLength length;
  const auto before = length.next();
  length.lost(3s);
  length.lasted(10s);
  CHECK(length.next() == before);
}
