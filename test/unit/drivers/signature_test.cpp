#include "drivers/host/signature.h"

#include <filesystem>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "drivers/host/replacement.h"
#include "unit/drivers/temporary_root.h"

using namespace greenwave;
using namespace greenwave::drivers::host;
using greenwave::test::TemporaryRoot;
namespace fs = std::filesystem;

namespace {

struct Applied {
  TemporaryRoot root;
  Host host = root.host();
  Entry entry;
  std::optional<std::vector<FileSignature>> refreshed;

  Applied() {
    Replacements batch(host);
    batch.stage("/etc/file", "content", {S_IFREG, 0644, {}, {}});
    entry.files = {batch.commit()[0].signature};
  }

  std::optional<std::string> drift(bool distrust = false) {
    auto found = drift_of_files(host, entry, distrust, [](const FileSignature&) {
      return Attributes{S_IFREG, 0644, {}, {}};
    });
    refreshed = std::move(found.refreshed);
    return std::move(found.how);
  }
};

}  // namespace

TEST_CASE("signature: an untouched file has not drifted, and is not even opened to see that") {
  Applied applied;
  const Fd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  REQUIRE(::inotify_add_watch(watch.get(), (applied.root / "etc").c_str(), IN_OPEN | IN_ACCESS) >= 0);
  CHECK_FALSE(applied.drift());
  CHECK_FALSE(applied.refreshed);
  char events[4096];
  CHECK(::read(watch.get(), events, sizeof events) < 0);
  CHECK_FALSE(applied.drift(true));
  CHECK(::read(watch.get(), events, sizeof events) > 0);
}

TEST_CASE("signature: a touched file gets a new signature and has not drifted") {
  Applied applied;
  fs::last_write_time(applied.root / "etc/file", fs::file_time_type::clock::now());
  leave_tick();
  CHECK_FALSE(applied.drift());
  REQUIRE(applied.refreshed);
  CHECK(same_lstat(applied.refreshed->front(), applied.root.about("etc/file")));
  applied.entry.files = *applied.refreshed;
  CHECK_FALSE(applied.drift());
  CHECK_FALSE(applied.refreshed);
}

TEST_CASE("signature: a change of the same size at once after the apply is seen") {
  for (int i = 0; i < 20; ++i) {
    Applied applied;
    applied.root.write("etc/file", "CONTENT");
    CHECK(applied.drift() == "content changed");
    CHECK_FALSE(applied.refreshed);
  }
}

TEST_CASE("signature: a change of the mode at once after the apply is seen") {
  for (int i = 0; i < 20; ++i) {
    Applied applied;
    REQUIRE(::chmod((applied.root / "etc/file").c_str(), 0666) == 0);
    CHECK(applied.drift() == "mode 0666 instead of 0644");
  }
}

TEST_CASE(
    "signature: a file of another size is drift, and is not read to find that, however large it was made") {
  for (const bool distrust : {false, true}) {
    Applied applied;
    fs::resize_file(applied.root / "etc/file", std::uintmax_t{8} << 40);
    const Fd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    REQUIRE(::inotify_add_watch(watch.get(), (applied.root / "etc").c_str(), IN_ACCESS) >= 0);
    CHECK(applied.drift(distrust) == "content changed");
    char events[4096];
    CHECK(::read(watch.get(), events, sizeof events) < 0);
  }
}

TEST_CASE("signature: of a file whose size is not known no more is read than a source may have") {
  Applied applied;
  const auto content = applied.entry.files.front().content;
  applied.entry.files.front() = {.path = "/etc/file", .content = content};
  CHECK_FALSE(applied.drift());
  fs::resize_file(applied.root / "etc/file", std::uintmax_t{8} << 40);
  CHECK(applied.drift() == "content changed");
}

TEST_CASE("signature: a missing file, a link and a directory in its place are drift") {
  Applied applied;
  fs::rename(applied.root / "etc/file", applied.root / "etc/elsewhere");
  CHECK(applied.drift() == "missing");
  fs::create_symlink("elsewhere", applied.root / "etc/file");
  CHECK(applied.drift() == "a link instead of a file");
  fs::remove(applied.root / "etc/file");
  fs::create_directory(applied.root / "etc/file");
  CHECK(applied.drift() == "a directory instead of a file");
  fs::remove(applied.root / "etc/file");
  REQUIRE(::mkfifo((applied.root / "etc/file").c_str(), 0644) == 0);
  CHECK(applied.drift() == "a special file instead of a file");
}

TEST_CASE("signature: a file just written by others is read again until its time can be trusted") {
  Applied applied;
  for (int i = 0; i < 20; ++i) {
    applied.root.write("etc/file", "content");
    CHECK_FALSE(applied.drift());
    if (applied.refreshed) applied.entry.files = *applied.refreshed;
    applied.root.write("etc/file", "CONTENT");
    CHECK(applied.drift() == "content changed");
  }
}

TEST_CASE("signature: a parent that became a link out of the allowed paths is an error, not a match") {
  TemporaryRoot root;
  TemporaryRoot outside;
  const auto host = root.host();
  Replacements batch(host);
  batch.stage("/etc/sub/file", "content", {S_IFREG, 0644, {}, {}});
  Entry entry;
  entry.files = {batch.commit()[0].signature};
  outside.write("file", "content");
  fs::remove_all(root / "etc/sub");
  fs::create_symlink(outside.path(), root / "etc/sub");
  CHECK_THROWS_WITH(drift_of_files(host, entry, false, [](const FileSignature&) { return Attributes{}; }),
                    Catch::Contains("leads out of"));
}
