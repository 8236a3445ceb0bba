#include "wire/response.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/error.h"

using namespace greenwave;
using sim::Response;
using sim::ResponseReader;

namespace {

const std::string unchanged =
    "HTTP/1.1 304 Not Modified\r\nETag: \"a1\"\r\nVary: Accept, Prefer\r\nPreference-Applied: "
    "wait=52\r\n\r\n";
const std::string tip = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"b2\"\r\n\r\nabcd\n";
const std::string pack =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nPACK\r\na\r\n0123456789\r\n0\r\n\r\n";
const std::string busy =
    "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// Cut at `cut`, and read.
ResponseReader read(const std::string& text, std::size_t cut, std::size_t kept = 100) {
  ResponseReader reader(kept);
  reader.take(std::string_view(text).substr(0, cut));
  reader.take(std::string_view(text).substr(cut));
  return reader;
}

}  // namespace

TEST_CASE("sim response: what an agent looks at is found, wherever the bytes are cut") {
  for (std::size_t cut = 0; cut < unchanged.size(); ++cut) {
    auto reader = read(unchanged, cut);
    REQUIRE(reader.is_done());
    const auto& response = reader.response();
    CHECK(response.status == 304);
    CHECK(response.etag == "\"a1\"");
    CHECK(response.varies_by_preference);
    CHECK(response.applied_wait == 52u);
    CHECK(response.keeps_connection);
  }
}

TEST_CASE("sim response: a body is read by its length, or in chunks") {
  for (std::size_t cut = 0; cut < tip.size(); ++cut) {
    auto reader = read(tip, cut);
    REQUIRE(reader.is_done());
    CHECK(reader.response().body == "abcd\n");
    CHECK_FALSE(reader.response().varies_by_preference);
  }
  for (std::size_t cut = 0; cut < pack.size(); ++cut) {
    auto reader = read(pack, cut);
    REQUIRE(reader.is_done());
    CHECK(reader.response().body == "PACK0123456789");
  }
}

TEST_CASE("sim response: no more of a body is kept than was asked for") {
  auto reader = read(pack, 0, 6);
  CHECK(reader.is_done());
  CHECK(reader.response().body == "PACK01");
}

TEST_CASE("sim response: a body without a length ends with the connection") {
  auto reader = read("HTTP/1.1 200 OK\r\n\r\nabc", 3);
  CHECK_FALSE(reader.is_done());
  CHECK(reader.take_end());
  CHECK(reader.response().body == "abc");
  CHECK_FALSE(reader.response().keeps_connection);
}

TEST_CASE("sim response: a connection that ends in the middle of a response ends none") {
  for (std::size_t end = 0; end + 1 < pack.size(); ++end) {
    ResponseReader reader(100);
    reader.take(std::string_view(pack).substr(0, end));
    CHECK_FALSE(reader.is_done());
    CHECK_FALSE(reader.take_end());
  }
}

TEST_CASE("sim response: a server may ask for time, and close the connection") {
  auto reader = read(busy, 7);
  REQUIRE(reader.is_done());
  CHECK(reader.response().status == 503);
  CHECK(reader.response().retry_after == std::chrono::seconds(120));
  CHECK_FALSE(reader.response().keeps_connection);
}

TEST_CASE("sim response: what is not HTTP is an error") {
  for (const std::string text : {"SSH-2.0-x\r\n", "HTTP/1.1 abc\r\n", "HTTP/1.1 200 OK\r\nnothing\r\n",
                                 "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    CAPTURE(text);
    ResponseReader reader(100);
    CHECK_THROWS_AS(reader.take(text), Error);
  }
}
