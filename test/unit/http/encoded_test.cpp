#include "http/encoded.h"

#include <catch2/catch.hpp>

using namespace greenwave;

TEST_CASE("http: what a URL's part may not contain is percent-encoded") {
  CHECK(http::encoded("a-Z_0.9~") == "a-Z_0.9~");
  CHECK(http::encoded("File/a b&c=%ü") == "File%2Fa%20b%26c%3D%25%C3%BC");
  CHECK(http::encoded("File/a b", "/") == "File/a%20b");
  CHECK(http::encoded(std::string_view("\0\n", 2)) == "%00%0A");
}
