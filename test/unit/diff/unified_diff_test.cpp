#include "diff/unified_diff.h"

#include <catch2/catch.hpp>

using greenwave::diff::unified_diff;

TEST_CASE("diff: a changed line comes with its neighbours") {
  CHECK(unified_diff("a\nb\nc\n", "a\nB\nc\n", "etc/motd") ==
        "--- a/etc/motd\n+++ b/etc/motd\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
}

TEST_CASE("diff: equal texts have none") {
  CHECK(unified_diff("same\n", "same\n", "x").empty());
  CHECK(unified_diff("", "", "x").empty());
}

TEST_CASE("diff: a new file and an emptied one are one hunk") {
  CHECK(unified_diff("", "one\n", "x") == "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+one\n");
  CHECK(unified_diff("", "one\ntwo", "x") ==
        "--- a/x\n+++ b/x\n@@ -0,0 +1,2 @@\n+one\n+two\n\\ No newline at end of file\n");
  CHECK(unified_diff("one\ntwo\n", "", "x") == "--- a/x\n+++ b/x\n@@ -1,2 +0,0 @@\n-one\n-two\n");
}

TEST_CASE("diff: a missing newline at the end shows") {
  CHECK(unified_diff("a\n", "a", "x") ==
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n");
}

TEST_CASE("diff: binaries and large files are a line with sizes") {
  CHECK(unified_diff(std::string("\0\1", 2), std::string(2048, '\0'), "firmware") ==
        "firmware: binary, 2 B -> 2.0 KiB\n");
  CHECK_THAT(unified_diff("a", std::string(2 << 20, 'x'), "big"), Catch::Contains("too large to show"));
  CHECK_THAT(unified_diff("a", "\x1b[2J", "x"), Catch::Contains("binary"));
}

TEST_CASE("diff: what is beyond the cap is cut at a line and said") {
  std::string after;
  for (int i = 0; i < 10'000; ++i) after += "line " + std::to_string(i) + "\n";
  for (const auto* before : {"", "something else\n"}) {
    const auto diff = unified_diff(before, after, "x", 1000);
    CHECK(diff.size() < 1100);
    CHECK_THAT(diff, Catch::EndsWith("is left out\n"));
    CHECK_THAT(diff, Catch::Contains("+line 0\n+line 1\n"));
  }
}
