#include "database/query.h"

#include <catch2/catch.hpp>

using namespace greenwave;

TEST_CASE("hub: an array's text quotes what an element holds") {
  hub::ArrayText text;
  text.add("a\"b\\c,{}");
  text.add("");
  text.add_null();
  text.add_plain("-7");
  CHECK(text.take() == R"({"a\"b\\c,{}","",NULL,-7})");
}

TEST_CASE("hub: values are never part of a statement") {
  hub::Conditions conditions({"springfield"});
  conditions.add("device = {} OR name = {}", "'; DROP TABLE x; --");
  CHECK(conditions.text() == "TRUE AND (device = $2 OR name = $2)");
  const auto values = conditions.take_values();
  REQUIRE(values.size() == 2);
  CHECK(values[1] == "'; DROP TABLE x; --");
}
