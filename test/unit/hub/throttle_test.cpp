#include "intake/throttle.h"

#include <algorithm>
#include <deque>
#include <map>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace greenwave;
using namespace greenwave::hub;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// As the books have it: tokens that drip into a bucket, counted in milliseconds of dripping.
struct Bucket {
  Duration level{};
  Instant seen{};
  std::size_t unanswered = 0;

  bool admit(const Allowance& allowance, std::size_t count, Instant now) {
    const auto whole = allowance.interval * static_cast<int>(allowance.burst);
    level = std::min(whole, level + std::chrono::duration_cast<Duration>(now - seen));
    seen = now;
    const auto price = allowance.interval * static_cast<int>(count);
    if (level < price || unanswered + count > allowance.unanswered) return false;
    level -= price;
    unanswered += count;
    return true;
  }
};

constexpr Instant start{std::chrono::hours(1)};

}  // namespace

TEST_CASE("throttle: it admits what a bucket of tokens for each name does, at whatever times they come") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto any = [&](std::size_t most) {
      return std::uniform_int_distribution<std::size_t>(0, most)(random);
    };
    const Allowance allowance{
        .interval = milliseconds(any(3) * 50), .burst = 4 + any(10), .unanswered = 4 + any(10)};
    Throttle throttle;
    struct Known {
      Bucket bucket;
      std::deque<std::pair<Throttle::Pass, std::size_t>> passes;
    };
    std::map<std::string, Known> names;
    auto now = start;
    for (int step = 0; step < 500; ++step) {
      now += milliseconds(any(20) == 0 ? any(30'000) : any(60));
      const auto name = fmt::format("device-{}", any(4));
      auto& known = names.try_emplace(name, Known{{.level = std::chrono::hours(1)}, {}}).first->second;
      while (!known.passes.empty() && any(2) == 0) {
        known.bucket.unanswered -= known.passes.front().second;
        known.passes.pop_front();
      }
      const auto count = 1 + any(3);
      const bool expected = known.bucket.admit(allowance, count, now);
      const auto verdict = throttle.admit(name, allowance, count, now);
      REQUIRE((verdict.pass != nullptr) == expected);
      if (expected) known.passes.emplace_back(verdict.pass, count);
    }
  }
}

TEST_CASE("throttle: who waits as long as it says is let through, and who waits less is not") {
  const Allowance allowance{.interval = seconds(2), .burst = 3, .unanswered = 10};
  Throttle throttle;
  for (int i = 0; i < 3; ++i) CHECK(throttle.admit("a", allowance, 1, start).pass);
  const auto refused = throttle.admit("a", allowance, 1, start);
  CHECK((refused.is_first && refused.retry_after == seconds(2)));
  CHECK_FALSE(throttle.admit("a", allowance, 1, start).is_first);
  CHECK(throttle.admit("a", allowance, 2, start).retry_after == seconds(4));
  CHECK_FALSE(throttle.admit("a", allowance, 2, start + milliseconds(3999)).pass);
  CHECK(throttle.admit("a", allowance, 2, start + seconds(4)).pass);
  CHECK(throttle.refused() == 6);
}

TEST_CASE("throttle: what one name takes is not missing for another") {
  const Allowance allowance{.interval = seconds(1), .burst = 2, .unanswered = 2};
  Throttle throttle;
  for (int i = 0; i < 1000; ++i) throttle.admit("flood", allowance, 1, start);
  CHECK(throttle.admit("other", allowance, 1, start).pass);
  CHECK(throttle.refused() == 998);
}

TEST_CASE("throttle: without an interval only what has no answer yet is limited") {
  const Allowance allowance{.unanswered = 2000};
  Throttle throttle;
  for (int i = 0; i < 100; ++i) CHECK(throttle.admit("relay", allowance, 2000, start).pass);
  const auto first = throttle.admit("relay", allowance, 1500, start);
  const auto refused = throttle.admit("relay", allowance, 501, start);
  CHECK_FALSE(refused.pass);
  CHECK(refused.retry_after == seconds(1));
  CHECK(throttle.admit("relay", allowance, 500, start).pass);
}

TEST_CASE("throttle: names are forgotten when they have their whole allowance again, and not before") {
  const Allowance allowance{.interval = seconds(20), .burst = 1, .unanswered = 1};
  Throttle throttle;
  const auto kept = throttle.admit("under way", allowance, 1, start).pass;
  for (int i = 0; i < 1000; ++i) throttle.admit(std::to_string(i), allowance, 1, start);
  CHECK_FALSE(throttle.admit("7", allowance, 1, start + seconds(15)).pass);
  CHECK(throttle.names() == 1001);
  CHECK(throttle.admit("8", allowance, 1, start + seconds(30)).pass);
  CHECK(throttle.names() == 2);
  CHECK_FALSE(throttle.admit("under way", allowance, 1, start + seconds(60)).pass);
}

TEST_CASE("throttle: more names than it remembers are let through, and those it knows are still limited") {
  const Allowance allowance{.interval = seconds(1), .burst = 1, .unanswered = 1};
  Throttle throttle(3);
  for (int i = 0; i < 10; ++i) CHECK(throttle.admit(std::to_string(i), allowance, 1, start).pass);
  CHECK(throttle.names() == 3);
  CHECK_FALSE(throttle.admit("1", allowance, 1, start).pass);
  CHECK(throttle.admit("9", allowance, 1, start).pass);
}
