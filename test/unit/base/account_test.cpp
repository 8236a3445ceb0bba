#include "base/account.h"

#include <catch2/catch.hpp>

using namespace greenwave;

TEST_CASE("account: a user is found by name and by number, and a group by name") {
  const auto root = user_named("root");
  REQUIRE(root);
  CHECK(root->uid == 0);
  CHECK(root->gid == 0);
  CHECK(root->home == "/root");
  REQUIRE(user_of(0));
  CHECK(user_of(0)->name == "root");
  CHECK(group_named("root") == gid_t{0});
}

TEST_CASE("account: where there is none, nothing is found") {
  CHECK_FALSE(user_named("no-such-user"));
  CHECK_FALSE(user_of(4'000'000'000));
  CHECK_FALSE(group_named("no-such-group"));
}
