#include "sync/gate.h"

#include <fstream>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/file.h>

#include "base/fd.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using sync::Gate;

namespace {

Window overnight(const std::string& zone = "America/Los_Angeles") {
  Window window;
  window.name = "overnight";
  window.days = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  window.from = "01:00";
  window.to = "04:30";
  window.timezone = zone;
  return window;
}

Fd lock(const std::filesystem::path& file, int how) {
  Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  REQUIRE(::flock(fd.get(), how) == 0);
  return fd;
}

}  // namespace

TEST_CASE("gate: outside of every window it is closed until the next one opens") {
  Problems problems;
  const Gate gate({overnight()}, "/nonexistent", false, problems);
  const auto noon = gate.ask(from_iso("2026-01-15T20:00:00Z"));
  REQUIRE(noon.closed);
  CHECK_FALSE(noon.closed->removals);
  CHECK(noon.why == "outside of the window overnight");
  CHECK(noon.until == from_iso("2026-01-16T09:00:00Z"));
  CHECK_FALSE(gate.ask(from_iso("2026-01-16T09:00:00Z")).closed);
  CHECK(gate.ask(from_iso("2026-01-16T12:30:00Z")).closed);
  CHECK(problems.empty());
}

TEST_CASE("gate: a clock at 1970 closes it, and nothing is removed, though a window would be open") {
  Problems problems;
  const Gate gate({overnight()}, "/nonexistent", false, problems);
  const auto answer = gate.ask(from_iso("1970-01-01T10:00:00Z"));
  REQUIRE(answer.closed);
  CHECK(answer.closed->removals);
  CHECK(answer.until == clock_is_set);
  CHECK(answer.why.find("1970") != std::string::npos);
}

TEST_CASE("gate: without windows it is open whatever the clock says, without any further check") {
  Problems problems;
  const Gate gate({}, "/nonexistent", false, problems);
  CHECK_FALSE(gate.can_close());
  CHECK_FALSE(gate.ask(from_iso("1970-01-01T10:00:00Z")).closed);
}

TEST_CASE("gate: a window in a time zone that does not exist never opens, and is a problem with a remedy") {
  Problems problems;
  const Gate gate({overnight("America/Los_Angelos")}, "/nonexistent", false, problems);
  const auto answer = gate.ask(from_iso("2026-01-15T20:00:00Z"));
  CHECK(answer.closed);
  CHECK_FALSE(answer.until);
  REQUIRE(problems.has_errors());
  CHECK(problems.list().front().remedy.find("tzdata") != std::string::npos);
}

TEST_CASE("gate: a locked file in busy.d closes it, even within a window, until the lock is released") {
  const test::TemporaryDirectory directory;
  const auto busy = directory.path() / "busy.d";
  std::filesystem::create_directory(busy);
  Problems problems;
  const Gate gate({}, busy, false, problems);
  CHECK_FALSE(gate.can_close());
  std::ofstream(busy / "preemption").put('\n');
  CHECK(gate.can_close());
  const auto now = from_iso("2026-01-15T20:00:00Z");
  CHECK_FALSE(gate.ask(now).closed);  // a file alone says nothing
  {
    const auto held = lock(busy / "preemption", GENERATE(LOCK_EX, LOCK_SH));
    const auto answer = gate.ask(now);
    CHECK(answer.closed);
    CHECK(answer.why.find("preemption") != std::string::npos);
    CHECK(answer.until);
  }
  CHECK_FALSE(gate.ask(now).closed);
}

TEST_CASE("gate: ignoring windows does not ignore a program that is busy") {
  const test::TemporaryDirectory directory;
  const auto held = lock(directory.path() / "preemption", LOCK_EX);
  Problems problems;
  const Gate gate({overnight()}, directory.path(), true, problems);
  CHECK(gate.ask(from_iso("2026-01-15T20:00:00Z")).closed);
}
