#include "daemon/own_service.h"

#include <sstream>
#include <string>

#include <catch2/catch.hpp>

using namespace greenwave;

namespace {

bool replaced(const std::string& line) {
  std::istringstream maps("5581-5590 r-xp 00001000 fe:00 12 /usr/sbin/other\n" + line + "\n");
  return daemon::runs_replaced_code(maps);
}

}  // namespace

TEST_CASE("own service: a program or library whose file was replaced is code that is no longer on the disk") {
  CHECK(replaced("5581-5590 r-xp 00001000 fe:00 1311 /usr/sbin/greenwaved (deleted)"));
  CHECK(replaced(
      "7f00-7f10 r-xp 00026000 00:1c 77                       /usr/lib/x86_64/libssl.so.3 (deleted)"));
  CHECK(replaced("7f00-7f10 r-xp 00026000 00:1c 77    /opt/a place/greenwaved (deleted)"));
}

TEST_CASE("own service: data, memory without a file, and what is in place are no reason to restart") {
  CHECK_FALSE(replaced("7f00-7f10 rw-s 00000000 00:1c 77    /var/lib/greenwave/state.db-shm (deleted)"));
  CHECK_FALSE(replaced("7f00-7f10 r-xp 00000000 00:01 77    /memfd:code (deleted)"));
  CHECK_FALSE(replaced("7f00-7f10 r-xs 00000000 00:01 77    /dev/zero (deleted)"));
  CHECK_FALSE(replaced("7f00-7f10 r-xp 00000000 00:00 0     [vdso]"));
  CHECK_FALSE(replaced("7f00-7f10 r-xp 00000000 00:00 0 "));
  CHECK_FALSE(replaced("7f00-7f10 r-xp 00026000 00:1c 77    /usr/lib/libssl.so.3"));
}

TEST_CASE(
    "own service: an agent that cannot start for a week is started a thousand times, not sixty thousand") {
  constexpr auto restart = std::chrono::seconds(10);  // RestartSec= of greenwaved.service
  Duration passed{};
  std::uint32_t restarts = 0;
  for (; passed < std::chrono::hours(7 * 24); ++restarts)
    passed += restart + daemon::pause_after_failure(restarts);
  CHECK(restarts < 1100);
  for (std::uint32_t first = 0; first <= 5; ++first) CHECK(daemon::pause_after_failure(first) == Duration{});
}
