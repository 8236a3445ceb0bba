#include "base/time_zone.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/posix_tz.h"

using namespace greenwave;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

hours offset(const TimeZone& zone, const char* moment) {
  return std::chrono::duration_cast<hours>(zone.span_at(from_iso(moment)).offset);
}

}  // namespace

TEST_CASE("time zone: Los Angeles is 8 hours behind in winter and 7 in summer") {
  const auto zone = load_time_zone("America/Los_Angeles");
  CHECK(offset(zone, "2026-01-15T12:00:00Z") == hours(-8));
  CHECK(offset(zone, "2026-07-15T12:00:00Z") == hours(-7));
  SECTION("to the second") {
    CHECK(offset(zone, "2026-03-08T09:59:59Z") == hours(-8));
    CHECK(offset(zone, "2026-03-08T10:00:00Z") == hours(-7));
    CHECK(offset(zone, "2026-11-01T08:59:59Z") == hours(-7));
    CHECK(offset(zone, "2026-11-01T09:00:00Z") == hours(-8));
  }
  SECTION("as its history tells, and far in the future as its rule does") {
    CHECK(offset(zone, "1974-02-01T12:00:00Z") == hours(-7));  // the oil crisis
    CHECK(offset(zone, "2097-07-01T12:00:00Z") == hours(-7));
    CHECK(offset(zone, "2097-12-01T12:00:00Z") == hours(-8));
  }
}

TEST_CASE("time zone: the southern summer goes over the new year") {
  const auto zone = load_time_zone("Australia/Sydney");
  CHECK(offset(zone, "2026-01-15T12:00:00Z") == hours(11));
  CHECK(offset(zone, "2026-12-31T23:59:59Z") == hours(11));
  CHECK(offset(zone, "2026-07-15T12:00:00Z") == hours(10));
}

TEST_CASE("time zone: places without summer time, or with half an hour of it") {
  CHECK(offset(load_time_zone("UTC"), "2026-07-15T12:00:00Z") == hours(0));
  CHECK(load_time_zone("Asia/Kolkata").span_at(from_iso("2026-07-15T12:00:00Z")).offset == minutes(330));
  CHECK(load_time_zone("Australia/Lord_Howe").span_at(from_iso("2026-01-15T12:00:00Z")).offset == hours(11));
  CHECK(load_time_zone("Australia/Lord_Howe").span_at(from_iso("2026-07-15T12:00:00Z")).offset ==
        minutes(630));
}

TEST_CASE("time zone: agrees with the C library hour by hour, through ten years of all its rules") {
  for (const char* name : {"America/New_York", "Europe/Dublin", "America/Santiago", "Africa/Casablanca",
                           "Asia/Tehran", "Pacific/Chatham"}) {
    const auto zone = load_time_zone(name);
    // A zone of the whole process: set for this test alone, which runs in a process of its own.
    REQUIRE(::setenv("TZ", name, 1) == 0);
    ::tzset();
    std::size_t differences = 0;
    for (auto time = from_iso("2020-01-01T00:30:00Z"); time < from_iso("2030-01-01T00:00:00Z");
         time += hours(1)) {
      const auto seconds = std::chrono::system_clock::to_time_t(time);
      struct tm local {};
      ::localtime_r(&seconds, &local);
      if (zone.span_at(time).offset != std::chrono::seconds(local.tm_gmtoff)) ++differences;
    }
    ::unsetenv("TZ");
    ::tzset();
    INFO(name);
    CHECK(differences == 0);
  }
}

TEST_CASE("time zone: names that do not exist, or lead out of the database, are refused with a remedy") {
  for (const char* name :
       {"America/Los_Angelos", "", "/etc/passwd", "../../../etc/passwd", "America", "a\nb"}) {
    INFO(name);
    try {
      load_time_zone(name);
      FAIL("it was taken");
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::invalid);
    }
  }
}

TEST_CASE("time zone: broken files are refused") {
  const auto whole = read_file("/usr/share/zoneinfo/America/Los_Angeles", 64 * 1024);
  CHECK_THROWS_AS(parse_time_zone(""), Error);
  CHECK_THROWS_AS(parse_time_zone("TZif2"), Error);
  CHECK_THROWS_AS(parse_time_zone(std::string_view(whole).substr(0, whole.size() / 2)), Error);
  auto greedy = whole;
  greedy[32] = '\x7f';  // the number of times
  CHECK_THROWS_AS(parse_time_zone(greedy), Error);
}

TEST_CASE("time zone: POSIX's rules") {
  const auto rule = parse_posix_tz("<-03>3<-02>,M3.5.0/-2,J60/24:30:15");
  CHECK(rule.standard == hours(-3));
  CHECK(rule.summer == hours(-2));
  CHECK(rule.to_summer.week == 5);
  CHECK(rule.to_summer.time == hours(-2));
  CHECK(rule.to_standard.day == 60);
  CHECK(rule.to_standard.time == hours(24) + minutes(30) + std::chrono::seconds(15));
  for (const char* wrong : {"", "PST", "PST8PDT", "PST8PDT,M3.2.0", "PST8PDT,M13.2.0,M11.1.0",
                            "PST8PDT,M3.2.0,M11.1.0,", "P8", "<PST8", "PST99"}) {
    INFO(wrong);
    CHECK_THROWS_AS(parse_posix_tz(wrong), Error);
  }
}
