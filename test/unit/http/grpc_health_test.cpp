#include "http/grpc_health.h"

#include <catch2/catch.hpp>

using namespace greenwave::http;

TEST_CASE("grpc: a health answer is a frame with one number in it") {
  const auto read = [](std::string_view body) { return grpc_status_in(body); };
  using namespace std::string_view_literals;
  CHECK(read("\0\0\0\0\2\x08\1"sv) == 1U);
  CHECK(read("\0\0\0\0\2\x08\2"sv) == 2U);
  CHECK(read("\0\0\0\0\0"sv) == 0U);
  for (const auto& body :
       {""sv, "\0\0\0\0"sv, "\1\0\0\0\2\x08\1"sv, "\0\0\0\0\3\x08\1"sv, "\0\0\0\0\2\x10\1"sv,
        "\0\0\0\0\1\x08"sv, "\0\0\0\0\2\x08\x80"sv, "\0\xff\xff\xff\xff\x08\1"sv, "<html>"sv}) {
    CHECK_FALSE(read(body));
  }
}
