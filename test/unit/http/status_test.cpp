#include "http/status.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "support/https_server.h"

using namespace greenwave;

TEST_CASE("http: a status request trusts an unknown server's certificate only if told to") {
  const test::HttpsServer server;
  const auto page = "https://localhost:" + std::to_string(server.port()) + "/page/";
  CHECK_THROWS_AS(http::get_status(page, {}, std::chrono::seconds(10)), Error);
  CHECK(http::get_status(page, {}, std::chrono::seconds(10), http::Certificate::any) == 200);
}
