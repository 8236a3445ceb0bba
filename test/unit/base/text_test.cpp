#include "base/text.h"

#include <catch2/catch.hpp>

#include "base/listed.h"

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

TEST_CASE("text: one line has no control characters, and is cut between characters") {
  CHECK(in_one_line("Retime\tFulton\nfor school\x1b[2J", 100) == "Retime Fulton for school\uFFFD[2J");
  CHECK(in_one_line("aß", 3) == "aß");
  CHECK(in_one_line("aßß", 4) == "aß…");
  CHECK(in_one_line("", 0) == "");
}

TEST_CASE("text: a list names the first of its items, and how many more there are") {
  const std::vector<std::string> names{"a", "b", "c"};
  CHECK(listed(names, 3) == "a, b, c");
  CHECK(listed(names, 2) == "a, b and 1 more");
  CHECK(listed(std::vector<std::string>(), 2) == "");
}

TEST_CASE("text: a path is at or below a directory by whole names") {
  CHECK(is_at_or_below("/etc/greenwave", "/etc/greenwave"));
  CHECK(is_at_or_below("/etc/greenwave/agent.yaml", "/etc/greenwave"));
  CHECK_FALSE(is_at_or_below("/etc/greenwaves", "/etc/greenwave"));
  CHECK_FALSE(is_at_or_below("/etc", "/etc/greenwave"));
}
