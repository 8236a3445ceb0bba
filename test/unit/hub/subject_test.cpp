#include "access/subject.h"

#include <random>
#include <string>

#include <catch2/catch.hpp>

using namespace greenwave;

namespace {

/// As RFC 2253 asks for it.
std::string escaped(const std::string& value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool at_edge = c == ' ' && (i == 0 || i + 1 == value.size());
    if (std::string_view(",+\"\\<>;=").find(c) != std::string_view::npos || at_edge || c == '#') text += '\\';
    text += c;
  }
  return text;
}

}  // namespace

TEST_CASE("hub: a certificate's name is read as nginx writes it") {
  const auto subject = hub::read_subject("CN=sf-0042,OU=device,O=San Francisco");
  CHECK(hub::only(subject, "CN") == "sf-0042");
  CHECK(hub::only(subject, "O") == "San Francisco");
  CHECK(hub::only(subject, "DC").empty());
}

TEST_CASE("hub: any value comes back from a name, and adds no part to it") {
  std::mt19937 random(7);
  const std::string letters = "ab,+\"\\<>;=# /O=CN";
  for (int round = 0; round < 2000; ++round) {
    std::string value;
    for (auto n = 1 + random() % 8; n > 0; --n) value += letters[random() % letters.size()];
    const auto subject = hub::read_subject("CN=" + escaped(value) + ",O=springfield");
    INFO(value);
    REQUIRE(subject.size() == 2);
    CHECK(hub::only(subject, "CN") == value);
    CHECK(hub::only(subject, "O") == "springfield");
  }
}

TEST_CASE("hub: bytes in hexadecimal are read") {
  CHECK(hub::only(hub::read_subject("CN=caf\\C3\\A9"), "CN") == "caf\xC3\xA9");
}

TEST_CASE("hub: names with two values of a type, of several values, or cut off, name nobody") {
  CHECK(hub::only(hub::read_subject("CN=a,CN=b,O=x"), "CN").empty());
  for (const auto* text : {"", "CN", "=x", "CN=a+OU=b", "CN=\"a\"", "CN=a\\", "CN=a,", "CN=#04024869"}) {
    INFO(text);
    CHECK(hub::read_subject(text).empty());
  }
}
