#include "daemon/schedule.h"

#include <algorithm>
#include <array>
#include <string>

#include <catch2/catch.hpp>

#include "base/backoff.h"
#include "daemon/schedule.h"

using namespace greenwave;
using namespace greenwave::daemon;
using namespace std::chrono_literals;

TEST_CASE("schedule: a device polls at its own moment of each interval, whenever it started") {
  const Time noon = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + 12h;
  const auto first = first_poll(noon, 60s, "sf-0042");
  CHECK(first > noon);
  CHECK(first <= noon + 60s);
  CHECK(first_poll(noon + 7 * 60s, 60s, "sf-0042") == first + 7 * 60s);
  CHECK(first_poll(first, 60s, "sf-0042") == first + 60s);
  CHECK(next_poll(first, 60s, "sf-0042", 0) == first + 60s);
  CHECK(next_poll(first + 6s, 60s, "sf-0042", 0) == first + 60s);
  CHECK(next_poll(first + 40s, 60s, "sf-0042", 0) == first + 120s);
}

TEST_CASE("schedule: the jitter comes on top, and is at most a tenth of the interval") {
  const Time now{};
  const auto exact = next_poll(now, 60s, "sf-0042", 0);
  CHECK(next_poll(now, 60s, "sf-0042", 0.5) == exact + 3s);
  CHECK(next_poll(now, 60s, "sf-0042", 0.9999) < exact + 6s);
  CHECK(next_poll(now, 60s, "sf-0042", 0.9999) - now >= 30s);
}

TEST_CASE("schedule: a city's devices are spread over the interval, even while their clocks stand at 1970") {
  std::array<int, 60> seconds{};
  for (int i = 0; i < 6000; ++i) {
    const auto wait = first_poll(Time{}, 60s, "sf-" + std::to_string(i)) - Time{};
    ++seconds.at(static_cast<std::size_t>((wait - 1ms) / 1s));
  }
  CHECK(*std::min_element(seconds.begin(), seconds.end()) > 50);
  CHECK(*std::max_element(seconds.begin(), seconds.end()) < 200);
}

TEST_CASE("backoff: the wait is anywhere below a ceiling that doubles, up to a quarter of an hour") {
  CHECK(backoff(1, {}, 0) == 1s);
  CHECK(backoff(1, {}, 0.9999) < 5s);
  CHECK(backoff(2, {}, 0.5) == 5500ms);
  CHECK(backoff(3, {}, 0.9999) > 19s);
  CHECK(backoff(9, {}, 0.9999) > 14min);
  CHECK(backoff(4'000'000'000U, {}, 0.9999) < 15min);
}

TEST_CASE("backoff: a server's Retry-After is a floor that devices still spread over") {
  CHECK(backoff(1, 120s, 0) == 120s);
  CHECK(backoff(1, 120s, 0.5) == 122s);
  CHECK(backoff(1, -5s, 0) == 1s);
  CHECK(backoff(1, 24h * 365, 0) == 24h);
}
