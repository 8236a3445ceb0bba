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

TEST_CASE("text: nothing from outside begins a line, hides its neighbours or turns them around") {
  CHECK(printable("Fulton\r\nStatus: in sync\t!") == "Fulton  Status: in sync !");
  for (const auto* unseen :
       {"\x07",   "\x1b",   "\x7f",   "\u0085",     "\u00AD", "\u061C",       "\u200B",
        "\u200E", "\u200F", "\u2028", "\u2029",     "\u202A", "\u202E",       "\u2060",
        "\u2066", "\u2069", "\uFEFF", "\U000E0041", "\xFF",   "\xED\xA0\x80", "\xC0\xAF"}) {
    INFO(unseen);
    CHECK(printable_lines(unseen).starts_with("\uFFFD"));
    CHECK(printable(unseen).starts_with("\uFFFD"));
  }
  CHECK(printable("") == "");
}

TEST_CASE("text: letters, joiners and emoji of every language are printable") {
  for (const auto* seen :
       {"Müllerstraße", "می\u200Cخواهم", "क्\u200Dष", "👩\u200D🔧", "العربية", "漢字", "e\u0301"}) {
    CHECK(printable(seen) == seen);
  }
}

TEST_CASE("text: several lines keep their newlines and tabs, and lose their carriage returns") {
  CHECK(printable_lines("a\tb\r\nc\n") == "a\tb\nc\n");
  CHECK(printable_lines("In sync.\rLost!") == "In sync.\uFFFDLost!");
}

TEST_CASE("text: one line has no control characters, and is cut between characters") {
  CHECK(in_one_line("Retime\tFulton\nfor school\x1b[2J", 100) == "Retime Fulton for school\uFFFD[2J");
  CHECK(in_one_line("aß", 3) == "aß");
  CHECK(in_one_line("aßß", 4) == "aß…");
  CHECK(in_one_line("", 0) == "");
  CHECK(in_one_line("fatal: not a\nrepository\r\n", 100) == "fatal: not a repository");
  CHECK(in_lines("a\r\nb\x1b[2J", 100) == "a\nb\uFFFD[2J");
  CHECK(in_lines("a\nßß", 4) == "a\nß…");
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
