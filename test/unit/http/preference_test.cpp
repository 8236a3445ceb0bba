#include "http/preference.h"

#include <catch2/catch.hpp>

using namespace greenwave;

TEST_CASE("preference: how long to wait is read as RFC 7240 writes it") {
  CHECK(http::wait_of("wait=10") == 10);
  CHECK(http::wait_of("Wait = \"10\"") == 10);
  CHECK(http::wait_of("respond-async, wait=10") == 10);
  CHECK(http::wait_of("wait=10; strict, wait=20") == 10);  // the first one counts
  CHECK(http::wait_of("handling=lenient;wait=5,wait=7") == 7);
  CHECK(http::wait_of("wait=0") == 0);
  for (const auto* none : {"", "wait", "wait=", "wait=-1", "wait=1.5", "wait=1s", "wait=99999999999",
                           "wait=86401", "waiting=5", "return=minimal", "wait=\"", ",;=", "wait=+1"}) {
    CHECK_FALSE(http::wait_of(none));
  }
}

TEST_CASE("preference: a response varies by Prefer where Vary names it") {
  CHECK(http::varies_by_preference("Prefer"));
  CHECK(http::varies_by_preference("Accept-Encoding , prefer"));
  for (const auto* none : {"", "*", "Accept", "Prefers", "Accept;Prefer"}) {
    CHECK_FALSE(http::varies_by_preference(none));
  }
}
