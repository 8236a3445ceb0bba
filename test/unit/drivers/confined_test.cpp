#include "drivers/host/confined.h"

#include <atomic>
#include <filesystem>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>

#include "unit/drivers/temporary_root.h"

using namespace greenwave;
using namespace greenwave::drivers::host;
using greenwave::test::TemporaryRoot;
namespace fs = std::filesystem;

namespace {

void require_conflict(const Host& host, const std::string& path, const std::string& words) {
  INFO(path);
  try {
    Parents(host).make(path);
    FAIL("it was opened");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::conflict);
    CHECK_THAT(error.what(), Catch::Contains(words));
    CHECK_FALSE(error.remedy().empty());
  }
}

}  // namespace

TEST_CASE("paths: only plain absolute paths below an allowed path may be named") {
  const Host host{"/", {"/etc", "/var/lib/"}};
  for (const auto* good : {"/etc/motd", "/etc/a/b.conf", "/var/lib/x", "/etc/..data"}) {
    INFO(good);
    CHECK_FALSE(refusal_of(host, good));
  }
  for (const auto* bad : {"", "etc/motd", "/etc", "/etc/", "/etc//motd", "/etc/./motd", "/etc/../root/x",
                          "/etc/motd/", "/etcetera/x", "/var/lib", "/var/libx/y", "/root/x", "/etc/a\nb"}) {
    INFO(bad);
    const auto refusal = refusal_of(host, bad);
    REQUIRE(refusal);
    CHECK_FALSE(refusal->message.empty());
    CHECK_FALSE(refusal->remedy.empty());
  }
  CHECK_FALSE(refusal_of({"/", {"/"}}, "/anything"));
  CHECK(refusal_of({"/", {}}, "/etc/motd"));
  CHECK(refusal_of(host, "/etc/" + std::string(256, 'n')));
}

TEST_CASE("paths: parents end at the widest allowed path") {
  const Host host{"/", {"/etc/deep", "/etc"}};
  CHECK(parents_of(host, "/etc/deep/a/b") == std::vector<std::string>{"/etc/deep", "/etc/deep/a"});
  CHECK(parents_of(host, "/etc/motd").empty());
  CHECK(parents_of({"/", {"/"}}, "/srv/x") == std::vector<std::string>{"/srv"});
}

TEST_CASE("paths: missing parents are found missing, and made on demand") {
  TemporaryRoot root;
  const auto host = root.host();
  Parents parents(host);
  CHECK_FALSE(parents.find("/opt/a/b/file"));
  const auto old_mask = ::umask(077);
  const auto spot = parents.make("/opt/a/b/file");
  ::umask(old_mask);
  CHECK(spot.name == "file");
  CHECK(root.mode("opt/a/b") == 0755);
  CHECK(root.mode("opt") == 0755);
  CHECK_FALSE(parents.made().empty());
  parents.made().sync();
  CHECK(parents.made().empty());
  CHECK(parents.find("/opt/a/b/other")->name == "other");
}

TEST_CASE("paths: an allowed path may itself be a link, resolved within the root") {
  TemporaryRoot root;
  fs::create_directories(root / "data/etc");
  fs::remove(root / "etc");
  fs::create_symlink("/data/etc", root / "etc");
  const auto host = root.host();
  const auto spot = Parents(host).make("/etc/sub/file");
  CHECK(root.has("data/etc/sub"));
  CHECK(spot.name == "file");
}

TEST_CASE("paths: links below the allowed path may lead around within it") {
  TemporaryRoot root;
  const auto host = root.host();
  fs::create_directories(root / "etc/real");
  fs::create_symlink("real", root / "etc/link");
  fs::create_symlink("../etc/real", root / "etc/escape");
  Parents(host).make("/etc/link/sub/file");
  CHECK(root.has("etc/real/sub"));
  require_conflict(host, "/etc/escape/file", "leads out of /etc");
}

TEST_CASE("paths: no link leads out of the allowed path") {
  TemporaryRoot root;
  TemporaryRoot outside;
  const auto host = root.host();
  fs::create_symlink(outside.path(), root / "etc/absolute");
  fs::create_symlink("../../" + outside.path().filename().native(), root / "etc/relative");
  fs::create_symlink("..", root / "etc/up");
  fs::create_symlink("/", root / "etc/slash");
  fs::create_symlink("loop", root / "etc/loop");
  for (const auto* path : {"/etc/absolute/file", "/etc/relative/file", "/etc/up/etc/file", "/etc/slash/file",
                           "/etc/absolute/new/file", "/etc/relative/new/file", "/etc/loop/file"}) {
    require_conflict(host, path, "leads out of /etc");
    CHECK_THROWS_AS(Parents(host).find(path), Error);
  }
  CHECK_FALSE(outside.has("new"));

  const Host live{"/", {"/proc/self"}};
  require_conflict(live, "/proc/self/root/etc/file", "leads out of");
  require_conflict(live, "/proc/self/cwd/file", "leads out of");
}

TEST_CASE("paths: a file or a dangling link among the parents is said") {
  TemporaryRoot root;
  const auto host = root.host();
  root.write("etc/plain", "x");
  fs::create_symlink("nothing", root / "etc/dangling");
  require_conflict(host, "/etc/plain/file", "not a directory");
  require_conflict(host, "/etc/dangling/file", "points to nothing");
}

TEST_CASE("paths: a parent that is swapped for a link all the time never lets a write out") {
  TemporaryRoot root;
  TemporaryRoot outside;
  const auto host = root.host();
  fs::create_directories(root / "etc/swapped");
  fs::create_symlink(outside.path(), root / "etc/evil");
  std::atomic<bool> done = false;
  std::thread attacker([&] {
    const auto a = root / "etc/swapped";
    const auto b = root / "etc/evil";
    while (!done) ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE);
  });
  int written = 0;
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    try {
      const auto name = "f" + std::to_string(i);
      Parents parents(host);
      const auto spot = parents.make("/etc/swapped/new/" + name);
      const Fd fd(
          ::openat(spot.directory, spot.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
      if (fd) ++written;
    } catch (const Error&) {
      ++refused;
    }
  }
  done = true;
  attacker.join();
  CHECK(written + refused == 2000);
  CHECK_FALSE(outside.has("new"));
}
