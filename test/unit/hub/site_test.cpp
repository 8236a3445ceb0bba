#include "site/site.h"

#include <catch2/catch.hpp>

using namespace greenwave::hub;

TEST_CASE("site: a policy's origin is that of the address, and no more") {
  CHECK(origin_of("https://tiles.example/{z}/{x}/{y}.png") == "https://tiles.example");
  CHECK(origin_of("http://localhost:8080/a?b=c") == "http://localhost:8080");
  CHECK(origin_of("https://[::1]:8443") == "https://[::1]:8443");
  for (const auto* text : {"", "tiles.example", "ftp://tiles.example/", "https:///x", "javascript://x",
                           "https://a b/", "https://a;script-src *", "https://a'b/", "https://user@host/"}) {
    CHECK(origin_of(text).empty());
  }
}
