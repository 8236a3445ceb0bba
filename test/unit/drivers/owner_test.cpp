#include "drivers/host/owner.h"

#include <catch2/catch.hpp>

#include "unit/drivers/temporary_root.h"

using namespace greenwave;
using namespace greenwave::drivers::host;
using greenwave::test::TemporaryRoot;

TEST_CASE("owners: a number is read from passwd's and group's lines") {
  const std::string database = "root:x:0:0:root:/root:/bin/sh\nchrony:x:107:112::/:\nbroken\nbad:x:-1:0\n";
  CHECK(number_in(database, "root") == id_t{0});
  CHECK(number_in(database, "chrony") == id_t{107});
  CHECK_FALSE(number_in(database, "nobody"));
  CHECK_FALSE(number_in(database, "bad"));
  CHECK_FALSE(number_in(database, "broken"));
}

TEST_CASE("owners: below another root its own users count, and new ones are seen at once") {
  if (!test::is_root()) return;
  TemporaryRoot root;
  root.write("etc/passwd", "lights:x:4711:4712::/:\n");
  root.write("etc/group", "traffic:x:815:\n");
  const auto host = root.host();
  Owners owners(host);
  auto wanted = owners.attributes(S_IFREG, 0640, "lights", "traffic");
  CHECK(wanted.uid == uid_t{4711});
  CHECK(wanted.gid == gid_t{815});
  wanted = owners.attributes(S_IFREG, 0640, "1000", "root");
  CHECK(wanted.uid == uid_t{1000});
  CHECK(wanted.gid == gid_t{0});
  try {
    owners.attributes(S_IFREG, 0640, "camera", "root");
    FAIL("there is no such user");
  } catch (const Error& error) {
    CHECK_THAT(error.what(), Catch::Contains("no user camera") && Catch::Contains("create it first"));
  }
  root.write("etc/passwd", "camera:x:5000:5000::/:\nlights:x:1:1::/:\n");
  CHECK(owners.attributes(S_IFREG, 0640, "camera", "root").uid == uid_t{5000});
  CHECK(owners.attributes(S_IFREG, 0640, "lights", "root").uid == uid_t{1});
}

TEST_CASE("owners: the live system's users are looked up") {
  if (!test::is_root()) return;
  const Host host{"/", {"/etc"}};
  Owners owners(host);
  CHECK(owners.attributes(S_IFREG, 0644, "daemon", "daemon").uid == uid_t{1});
  CHECK_THROWS_WITH(owners.attributes(S_IFREG, 0644, "root", "no-such-group-here"),
                    Catch::Contains("no group no-such-group-here"));
}
