#include "daemon/timetable.h"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "daemon/hold_length.h"
#include "support/set_clock.h"

using namespace greenwave;
using namespace std::chrono_literals;
using daemon::Timetable;

namespace {

const daemon::Pace pace{"sf-0042", 10min};

sync::Result good() {
  sync::Result result;
  result.answered = true;
  return result;
}

sync::Result unreachable() {
  sync::Result result;
  result.exit_code = 2;
  return result;
}

sync::Result waits_until(Time opening) {
  auto result = good();
  result.standing.waiting_until = opening;
  return result;
}

/// How long it sleeps until a poll is due, in the pieces that it asks for; the device is repaired meanwhile.
Duration until_poll(Timetable& table, test::SetClock& clock) {
  const auto start = clock.instant;
  while (!table.is_poll_due()) {
    if (table.is_repair_due()) table.repaired(pace);
    const auto piece = table.wake() - clock.instant;
    REQUIRE(piece <= 30s);
    clock.pass(std::chrono::ceil<Duration>(piece));
  }
  return std::chrono::duration_cast<Duration>(clock.instant - start);
}

}  // namespace

TEST_CASE("timetable: a device without a commit polls at once, and then within each interval") {
  test::SetClock clock;
  Timetable table(clock, 1);
  table.start(pace);
  CHECK(table.is_poll_due());
  for (int i = 0; i < 20; ++i) {
    table.ended(good(), pace, {});
    CHECK_FALSE(table.is_poll_due());
    const auto said = table.next_sync();
    const auto slept = until_poll(table, clock);
    CHECK(slept >= pace.interval / 2);
    CHECK(slept <= pace.interval * 16 / 10);
    CHECK(said == clock.now());
  }
}

TEST_CASE("timetable: a poll that a pause holds is passed over, for a device without a commit too") {
  test::SetClock clock;
  Timetable table(clock, 1);
  table.start(pace);
  table.pass(pace);
  CHECK_FALSE(table.is_poll_due());
  CHECK(until_poll(table, clock) <= pace.interval);
}

TEST_CASE("timetable: a newer commit that came during a sync is fetched at once") {
  test::SetClock clock;
  Timetable table(clock, 1);
  auto result = good();
  result.again = true;
  table.ended(result, pace, {});
  CHECK(table.is_poll_due());
}

TEST_CASE("timetable: a server that fails is asked again later and later, and never before it said") {
  test::SetClock clock;
  Timetable table(clock, 1);
  Duration longest{};
  for (int i = 0; i < 12; ++i) {
    table.ended(unreachable(), {"sf-0042", 1s}, {});
    longest = std::max(longest, until_poll(table, clock));
  }
  CHECK(longest > 1min);
  table.ended(unreachable(), {"sf-0042", 1s}, 1h);
  CHECK(until_poll(table, clock) >= 1h);
  table.ended(good(), {"sf-0042", 1s}, {});
  CHECK(until_poll(table, clock) < 2s);
}

TEST_CASE("timetable: a commit that is refused is no reason to leave its server alone") {
  test::SetClock clock;
  Timetable table(clock, 1);
  auto refused = unreachable();
  refused.answered = true;
  for (int i = 0; i < 12; ++i) table.ended(refused, {"sf-0042", 1s}, {});
  CHECK(until_poll(table, clock) < 2s);
}

TEST_CASE("timetable: shortly before a window opens there is a last poll, and at its opening it wakes") {
  test::SetClock clock;
  Timetable table(clock, 1);
  const auto opening = clock.now() + 2min;
  table.ended(waits_until(opening), {"sf-0042", 24h}, {});
  CHECK(until_poll(table, clock) == 100s);
  CHECK_FALSE(table.has_opened());
  table.ended(waits_until(opening), {"sf-0042", 24h}, {});
  CHECK(table.wake() == clock.instant + 20s);
  clock.pass(20s);
  CHECK(table.has_opened());
  CHECK_FALSE(table.is_poll_due());
  SECTION("while a pause holds what waits, it looks again soon") {
    table.look_again();
    CHECK_FALSE(table.has_opened());
    clock.pass(1s);
    CHECK(table.has_opened());
  }
  SECTION("what went on waits no longer") {
    table.goes_on({});
    CHECK_FALSE(table.has_opened());
  }
}

TEST_CASE("timetable: while the clock is not set, an opening is looked for every second") {
  test::SetClock clock;
  clock.time = Time{};
  Timetable table(clock, 1);
  table.ended(waits_until(clock_is_set + 24h), {"sf-0042", 24h}, {});
  CHECK(table.wake() == clock.instant + 1s);
  clock.time = clock_is_set + 48h;  // the first answer of NTP
  CHECK(table.has_opened());
}

TEST_CASE(
    "timetable: the device is repaired in each interval, however long the server asks to be left alone") {
  test::SetClock clock;
  Timetable table(clock, 1);
  table.ended(unreachable(), pace, 24h * 365);
  for (int i = 0; i < 100; ++i) {
    const auto start = clock.instant;
    while (!table.is_repair_due()) clock.pass(std::chrono::ceil<Duration>(table.wake() - clock.instant));
    CHECK(clock.instant - start <= 2 * pace.interval);
    CHECK_FALSE(table.is_poll_due());
    table.repaired(pace);
  }
}

TEST_CASE(
    "timetable: a server that is being asked is not asked again, and the device is repaired meanwhile") {
  test::SetClock clock;
  Timetable table(clock, 1);
  table.ended(good(), pace, {});
  until_poll(table, clock);
  table.asked(pace);
  CHECK_FALSE(table.is_poll_due());
  CHECK_FALSE(table.is_repair_due());
  CHECK(table.next_sync() == clock.now() + pace.interval / 2);
  for (int i = 0; i < 20; ++i) {
    const auto start = clock.instant;
    while (!table.is_repair_due()) clock.pass(std::chrono::ceil<Duration>(table.wake() - clock.instant));
    CHECK(clock.instant - start <= 2 * pace.interval);
    CHECK_FALSE(table.is_poll_due());
    table.repaired(pace);
  }
  table.ended(good(), pace, {});
  CHECK_FALSE(table.is_repair_due());
  CHECK(until_poll(table, clock) <= 2 * pace.interval);
}

TEST_CASE("timetable: devices whose server went away come back spread over the time") {
  constexpr int devices = 1000;
  int in_the_first_tenth = 0;
  for (int i = 0; i < devices; ++i) {
    test::SetClock clock;
    Timetable table(clock, static_cast<std::uint64_t>(i));
    table.pass(pace);
    table.poll_within(60s);
    const auto wait = until_poll(table, clock);
    CHECK(wait <= 60s);
    if (wait < 6s) ++in_the_first_tenth;
  }
  CHECK(in_the_first_tenth > devices / 20);
  CHECK(in_the_first_tenth < devices / 5);
}

TEST_CASE("timetable: it is idle until the next poll or repair, and not while the server is asked") {
  test::SetClock clock;
  Timetable table(clock, 1);
  table.pass(pace);
  REQUIRE(table.idle());
  CHECK(*table.idle() > 0s);
  CHECK(*table.idle() <= pace.interval);
  table.poll_within(0s);
  CHECK(*table.idle() == 0s);
  table.asked(pace);
  CHECK_FALSE(table.idle());
}

TEST_CASE("timetable: a question is held until shortly before something is due, and not for a moment") {
  test::SetClock clock;
  Timetable table(clock, 1);
  table.start(pace);
  table.asked(pace);
  CHECK_FALSE(table.time_to_hold());
  table.ended(good(), pace, {});
  while (const auto time = table.time_to_hold()) {
    CHECK(*time == *table.idle() - 8s);
    CHECK(*time >= 2s);
    clock.pass(1s);
  }
  CHECK(*table.idle() < 10s);
  CHECK(*table.idle() > 8s);
}

TEST_CASE("timetable: what a held question said is polled for at once, and what was lost within a minute") {
  test::SetClock clock;
  Timetable table(clock, 1);
  const auto rests = [&] {
    table.start(pace);
    table.asked(pace);
    table.ended(good(), pace, {});
  };
  rests();
  table.held(git::Held::same, pace);
  CHECK_FALSE(table.is_poll_due());
  table.held(git::Held::refused, pace);
  CHECK_FALSE(table.is_poll_due());
  table.held(git::Held::changed, pace);
  CHECK(table.is_poll_due());
  rests();
  table.held(git::Held::lost, pace);
  CHECK(*table.idle() <= 1min);
  rests();
  while (table.time_to_hold()) clock.pass(1s);
  table.held(git::Held::same, pace);
  CHECK(table.is_poll_due());
}

TEST_CASE("timetable: a quiet hour costs a device that asks a server which holds about a question a minute") {
  test::SetClock clock;
  Timetable table(clock, 1);
  daemon::HoldLength length;
  const daemon::Pace each_minute{"sf-" + std::to_string(GENERATE(range(0, 20))), 1min};
  const auto a_fresh_answer = 12s;  // after which a poll asks nobody
  int questions = 0;
  Duration since_answer = 1h;
  Duration longest_deaf{};
  table.start(each_minute);
  for (Duration passed{}; passed < 1h;) {
    if (table.is_poll_due()) {
      table.asked(each_minute);
      questions += since_answer > a_fresh_answer ? 1 : 0;
      table.ended(good(), each_minute, {});
      since_answer = {};
    }
    const auto time = table.time_to_hold();
    const auto wait = time ? std::min(*time, length.next()) : std::max(*table.idle(), Duration(1));
    clock.pass(wait);
    passed += wait;
    if (time) {
      ++questions;
      since_answer = {};
      if (wait == length.next()) length.lasted(wait);
      table.held(git::Held::same, each_minute);
    } else {
      since_answer += wait;
      longest_deaf = std::max(longest_deaf, wait);
    }
  }
  CHECK(questions <= 62);
  CHECK(questions >= 55);
  CHECK(longest_deaf <= 10s);
}
