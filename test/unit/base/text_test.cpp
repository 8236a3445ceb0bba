#include "base/text.h"

#include <catch2/catch.hpp>

using namespace greenwave;

TEST_CASE("text: the case of ASCII letters changes, and nothing else") {
  CHECK(in_lower_case("SF-0042.Städte_[Z]@`{") == "sf-0042.städte_[z]@`{");
  CHECK(in_upper_case("sf-0042.Städte_[z]@`{") == "SF-0042.STäDTE_[Z]@`{");
  CHECK(in_lower_case("") == "");
}

TEST_CASE("text: what differs in the case of ASCII letters alone is the same") {
  CHECK(same_but_for_case("Content-Type", "content-TYPE"));
  CHECK(same_but_for_case("", ""));
  CHECK_FALSE(same_but_for_case("Content", "Content-Type"));
  CHECK_FALSE(same_but_for_case("[", "{"));
  CHECK_FALSE(same_but_for_case("Ä", "ä"));
}
