#include "base/memory.h"

#include <fstream>
#include <sstream>
#include <string>

#include <catch2/catch.hpp>

#include "base/digest.h"

using namespace greenwave;

namespace {

/// Resident KiB of the pages of libcrypto that are mapped for execution.
long resident_text() {
  std::ifstream maps("/proc/self/smaps");
  long resident = 0;
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::string first;
    std::string second;
    std::istringstream(line) >> first >> second;
    if (!first.ends_with(':')) inside = second == "r-xp" && line.find("libcrypto") != std::string::npos;
    if (inside && first == "Rss:") resident += std::stol(second);
  }
  return resident;
}

}  // namespace

TEST_CASE("memory: released program text is loaded again when it is needed") {
  const auto before = sha256("abc");
  const auto used = resident_text();
  REQUIRE(used > 0);
  give_back_memory();
  CHECK(resident_text() < used);
  CHECK(sha256("abc") == before);
}
