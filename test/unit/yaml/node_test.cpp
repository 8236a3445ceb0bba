#include "yaml/node.h"

#include <catch2/catch.hpp>

#include "yaml/load.h"

using namespace greenwave;

TEST_CASE("yaml: only the flag true is true, and only a list has items") {
  Problems problems;
  const auto node =
      yaml::load("{on: true, off: false, text: \"true\", list: [a, b], map: {a: b}}", "", problems);
  REQUIRE(node);
  CHECK(is_true(node->find("on")));
  CHECK_FALSE(is_true(node->find("off")));
  CHECK_FALSE(is_true(node->find("text")));
  CHECK_FALSE(is_true(node->find("absent")));
  CHECK(items_in(node->find("list")).size() == 2);
  CHECK(items_in(node->find("map")).empty());
  CHECK(items_in(node->find("absent")).empty());
}
