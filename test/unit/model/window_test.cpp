#include "model/window.h"

#include <catch2/catch.hpp>

using namespace greenwave;

namespace {

const std::vector<std::string> every_day{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

Window window(const std::string& from, const std::string& to, std::vector<std::string> days = every_day) {
  Window result;
  result.name = "overnight";
  result.days = std::move(days);
  result.from = from;
  result.to = to;
  result.timezone = "America/Los_Angeles";
  return result;
}

/// "BEGIN END" of the opening that holds `now` or comes next.
std::string opening(const Window& window, const char* now) {
  const auto found = next_opening(window, load_time_zone(window.timezone), from_iso(now));
  return found ? to_iso(found->begin) + " " + to_iso(found->end) : "never";
}

Outlook outlook_of(const std::vector<Window>& windows, const char* now) {
  std::vector<ZonedWindow> zoned;
  for (const auto& one : windows) zoned.push_back({one, load_time_zone(one.timezone)});
  return outlook(zoned, from_iso(now));
}

}  // namespace

TEST_CASE("window: opens and closes at its own place's time") {
  const auto overnight = window("01:00", "04:30");
  CHECK(opening(overnight, "2026-01-15T00:00:00Z") == "2026-01-15T09:00:00Z 2026-01-15T12:30:00Z");
  CHECK(opening(overnight, "2026-01-15T09:00:00Z") == "2026-01-15T09:00:00Z 2026-01-15T12:30:00Z");
  CHECK(opening(overnight, "2026-01-15T12:29:59Z") == "2026-01-15T09:00:00Z 2026-01-15T12:30:00Z");
  CHECK(opening(overnight, "2026-01-15T12:30:00Z") == "2026-01-16T09:00:00Z 2026-01-16T12:30:00Z");
  CHECK(opening(overnight, "2026-07-15T00:00:00Z") == "2026-07-15T08:00:00Z 2026-07-15T11:30:00Z");
}

TEST_CASE("window: across midnight belongs to the day on which it opens") {
  const auto friday = window("22:00", "05:00", {"fri"});
  // Friday, 16 January 2026, in Los Angeles; at 03:00 it is Saturday there.
  CHECK(opening(friday, "2026-01-17T11:00:00Z") == "2026-01-17T06:00:00Z 2026-01-17T13:00:00Z");
  CHECK(opening(friday, "2026-01-17T13:00:00Z") == "2026-01-24T06:00:00Z 2026-01-24T13:00:00Z");
  CHECK(opening(friday, "2026-01-16T11:00:00Z") == "2026-01-17T06:00:00Z 2026-01-17T13:00:00Z");
}

TEST_CASE("window: in the night in which clocks go forward") {
  // 8 March 2026: 02:00 PST is 03:00 PDT, at 10:00 UTC.
  const char* before = "2026-03-08T08:00:00Z";
  SECTION("one around the change is an hour shorter") {
    CHECK(opening(window("01:00", "04:30"), before) == "2026-03-08T09:00:00Z 2026-03-08T11:30:00Z");
  }
  SECTION("one that would open in the hour that does not exist opens at the jump") {
    CHECK(opening(window("02:30", "04:30"), before) == "2026-03-08T10:00:00Z 2026-03-08T11:30:00Z");
  }
  SECTION("one that would close in it closes at the jump") {
    CHECK(opening(window("01:00", "02:30"), before) == "2026-03-08T09:00:00Z 2026-03-08T10:00:00Z");
  }
  SECTION("one that lies in it altogether is as long as on other days") {
    CHECK(opening(window("02:15", "02:45"), before) == "2026-03-08T10:00:00Z 2026-03-08T10:30:00Z");
  }
}

TEST_CASE("window: in the night in which clocks go back") {
  // 1 November 2026: 02:00 PDT is 01:00 PST, at 09:00 UTC.
  const char* before = "2026-11-01T07:00:00Z";
  SECTION("one around the change is an hour longer") {
    CHECK(opening(window("00:30", "04:30"), before) == "2026-11-01T07:30:00Z 2026-11-01T12:30:00Z");
  }
  SECTION("one in the hour that comes twice is open once") {
    CHECK(opening(window("01:15", "01:45"), before) == "2026-11-01T08:15:00Z 2026-11-01T08:45:00Z");
    CHECK(opening(window("01:15", "01:45"), "2026-11-01T09:20:00Z") ==
          "2026-11-02T09:15:00Z 2026-11-02T09:45:00Z");
  }
  SECTION("one that closes in it closes the first time") {
    CHECK(opening(window("23:00", "01:30"), before) == "2026-11-01T06:00:00Z 2026-11-01T08:30:00Z");
  }
}

TEST_CASE("window: two windows are open while one of them is") {
  const auto early = window("01:00", "03:00");
  auto late = window("02:00", "04:00");
  late.name = "late";
  CHECK_FALSE(outlook_of({early, late}, "2026-01-15T08:00:00Z").open);
  CHECK(outlook_of({late, early}, "2026-01-15T08:00:00Z").window == "overnight");
  const auto both = outlook_of({early, late}, "2026-01-15T10:30:00Z");
  CHECK(both.open);
  CHECK(both.window == "late");
  CHECK(both.changes == from_iso("2026-01-15T12:00:00Z"));
  CHECK_FALSE(outlook_of({early, late}, "2026-01-15T12:00:00Z").open);
}

TEST_CASE("window: a window without days never opens") {
  CHECK(opening(window("01:00", "04:30", {}), "2026-01-15T08:00:00Z") == "never");
  const auto view = outlook_of({window("01:00", "04:30", {})}, "2026-01-15T08:00:00Z");
  CHECK_FALSE(view.open);
  CHECK_FALSE(view.changes);
}

TEST_CASE("window: a clock at 1970, or far from now, still has an answer") {
  const auto overnight = window("01:00", "04:30");
  CHECK(opening(overnight, "1970-01-01T00:00:00Z") == "1970-01-01T09:00:00Z 1970-01-01T12:30:00Z");
  CHECK(opening(overnight, "2400-01-01T00:00:00Z") == "2400-01-01T09:00:00Z 2400-01-01T12:30:00Z");
}
