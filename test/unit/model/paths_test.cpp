#include "model/paths.h"

#include <catch2/catch.hpp>

using namespace greenwave;

TEST_CASE("paths: what people write becomes a path in a tree") {
  CHECK(normal_path("./files//motd/") == "files/motd");
  CHECK(normal_path(".") == "");
  CHECK(normal_path("a/./b") == "a/b");
}

TEST_CASE("paths: absolute ones, those that lead out, and control characters are refused") {
  for (const char* path : {"/etc", "..", "a/../b", "a/..", "a\nb", "a\x01"}) CHECK_FALSE(normal_path(path));
}

TEST_CASE("paths: a walk upwards ends at the root") {
  std::vector<std::string> seen;
  any_above("a/b/c", [&seen](std::string_view path) {
    seen.emplace_back(path);
    return false;
  });
  CHECK(seen == std::vector<std::string>{"a/b/c", "a/b", "a", ""});
}
