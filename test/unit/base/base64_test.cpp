#include "base/base64.h"

#include <catch2/catch.hpp>

#include "base/error.h"

using namespace greenwave;

TEST_CASE("base64: bytes have one form") {
  CHECK(decode_base64("AAEC/w==") == std::string("\0\1\2\xff", 4));
  CHECK(encode_base64(std::string("\0\1\2\xff", 4)) == "AAEC/w==");
  CHECK(decode_base64("").empty());
  for (const std::string bad :
       {"A", "AA", "AAA", "AA=A", "A===", "====", "AB==", "AAB=", "AA==AA==", "AA\n=="}) {
    INFO(bad);
    CHECK_THROWS_AS(decode_base64(bad), Error);
  }
}

TEST_CASE("base64: without padding, bytes have one form as well") {
  CHECK(encode_raw_base64(std::string("\0\1\2\xff", 4)) == "AAEC/w");
  CHECK(decode_raw_base64("AAEC/w") == std::string("\0\1\2\xff", 4));
  CHECK(decode_raw_base64("AAE") == std::string("\0\1", 2));
  for (const std::string bad : {"A", "AAEC/", "AAEC/w==", "AB", "AAF", "AA\n", "A-"}) {
    INFO(bad);
    CHECK_THROWS_AS(decode_raw_base64(bad), Error);
  }
}
