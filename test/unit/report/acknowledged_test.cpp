#include "report/acknowledged.h"

#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "support/seeds.h"

using namespace greenwave;

TEST_CASE("acknowledged: whatever is sent, newest first, each record goes once and the watermark follows") {
  for (auto seed = test::first_seed(); seed < test::first_seed() + test::seed_count(200); ++seed) {
    INFO("seed " << seed);
    std::minstd_rand random(seed);
    report::Acknowledged has;
    std::set<std::int64_t> lacking;  // of the records that there are
    std::int64_t newest = 0;
    for (int step = 0; step < 60; ++step) {
      for (auto more = random() % 5; more > 0; --more) lacking.insert(++newest);
      // What the history trims is never sent; its newest stays.
      if (random() % 8 == 0 && !lacking.empty() && *lacking.begin() != newest) lacking.erase(lacking.begin());
      const auto gaps = has.gaps();
      for (std::size_t i = 0; i < gaps.size(); ++i) {
        std::vector<std::int64_t> batch;
        for (auto at = lacking.rbegin(); at != lacking.rend() && batch.size() < 3; ++at) {
          if (*at > gaps[i].above && *at < gaps[i].below) batch.push_back(*at);
        }
        if (batch.empty()) {
          if (i > 0) has.close(gaps[i]);
          continue;
        }
        REQUIRE(batch.front() == *lacking.rbegin());
        has.add(batch.back(), batch.front());
        for (const auto number : batch) lacking.erase(number);
        break;
      }
      if (!lacking.empty()) REQUIRE(has.watermark() < *lacking.begin());
    }
    while (!lacking.empty()) {
      const auto last = *lacking.rbegin();
      has.add(last, last);
      lacking.erase(last);
    }
    while (has.gaps().size() > 1) has.close(has.gaps().back());
    CHECK(has.watermark() == newest);
    CHECK(has.gaps() == std::vector{report::Gap{.above = newest}});
  }
}
