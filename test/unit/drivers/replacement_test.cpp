#include "drivers/host/replacement.h"

#include <filesystem>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "unit/drivers/temporary_root.h"

using namespace greenwave;
using namespace greenwave::drivers::host;
using greenwave::test::Mounted;
using greenwave::test::TemporaryRoot;
namespace fs = std::filesystem;

namespace {

Attributes plain(mode_t mode = 0644) {
  return {S_IFREG, mode, {}, {}};
}

std::size_t names_in(const fs::path& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

std::size_t open_descriptors() {
  return names_in("/proc/self/fd");
}

}  // namespace

TEST_CASE("replacement: files appear with content, mode and a whole second, and nothing beside them") {
  TemporaryRoot root;
  const auto host = root.host();
  root.write("etc/old", "before");
  Replacements batch(host);
  batch.stage("/etc/old", "after", plain(0640));
  batch.stage("/etc/new/deep", "deep", plain(04755));
  batch.stage_link("/etc/link", "old", plain());
  CHECK(root.read("etc/old") == "before");
  const auto results = batch.commit();
  REQUIRE(results.size() == 3);
  for (const auto& result : results) CHECK_FALSE(result.error);
  CHECK(root.read("etc/old") == "after");
  CHECK(root.mode("etc/old") == 0640);
  CHECK(root.mode("etc/new/deep") == 04755);
  CHECK(fs::read_symlink(root / "etc/link") == "old");
  CHECK(names_in(root / "etc") == 3);
  CHECK(names_in(root / "etc/new") == 1);
  CHECK(root.about("etc/old").st_mtim.tv_nsec == 0);
  CHECK(results[0].signature.path == "/etc/old");
  CHECK(results[0].signature.content == hmac_sha256("", "after"));
  CHECK(same_lstat(results[0].signature, root.about("etc/old")));
  CHECK(batch.size() == 0);
}

TEST_CASE("replacement: thousands take their places together, while the first are written out already") {
  TemporaryRoot root;
  const auto host = root.host();
  const auto before = open_descriptors();
  Replacements batch(host);
  for (int i = 0; i < 2100; ++i) batch.stage("/etc/many/" + std::to_string(i), std::to_string(i), plain());
  const auto results = batch.commit();
  REQUIRE(results.size() == 2100);
  for (const auto& result : results) CHECK_FALSE(result.error);
  CHECK(names_in(root / "etc/many") == 2100);
  CHECK(root.read("etc/many/2099") == "2099");
  CHECK(open_descriptors() <= before + 1);  // the directory
}

TEST_CASE("replacement: owners are set before the file is in place") {
  if (!test::is_root()) return;
  TemporaryRoot root;
  const auto host = root.host();
  Replacements batch(host);
  batch.stage("/etc/file", "x", {S_IFREG, 0600, 1234, 4321});
  batch.stage_link("/etc/link", "x", {S_IFLNK, 0777, 1234, 4321});
  batch.commit();
  CHECK(root.about("etc/file").st_uid == 1234);
  CHECK(root.about("etc/file").st_gid == 4321);
  CHECK(root.about("etc/link").st_uid == 1234);
}

TEST_CASE("replacement: what is not committed is removed, what a power cut left is replaced") {
  TemporaryRoot root;
  const auto host = root.host();
  {
    Replacements batch(host);
    batch.stage("/etc/file", "x", plain());
    CHECK(names_in(root / "etc") == 1);
  }
  CHECK(names_in(root / "etc") == 0);

  fs::create_symlink("/etc/passwd", root / ("etc/" + name_beside("file")));
  Replacements batch(host);
  batch.stage("/etc/file", "x", plain());
  CHECK_FALSE(batch.commit()[0].error);
  CHECK(root.read("etc/file") == "x");
  CHECK(names_in(root / "etc") == 1);
}

TEST_CASE("replacement: a link at the target is replaced, not followed") {
  TemporaryRoot root;
  const auto host = root.host();
  root.write("etc/real", "real");
  fs::create_symlink("real", root / "etc/link");
  Replacements batch(host);
  batch.stage("/etc/link", "new", plain());
  CHECK_FALSE(batch.commit()[0].error);
  CHECK(root.read("etc/real") == "real");
  CHECK(fs::is_regular_file(fs::symlink_status(root / "etc/link")));
  CHECK(names_in(root / "etc") == 2);
}

TEST_CASE("replacement: a directory at a target fails that target alone") {
  TemporaryRoot root;
  const auto host = root.host();
  Replacements batch(host);
  batch.stage("/etc/a", "a", plain());
  batch.stage("/etc/b", "b", plain());
  fs::create_directories(root / "etc/a");
  const auto results = batch.commit();
  REQUIRE(results[0].error);
  CHECK_THAT(results[0].error->what(), Catch::Contains("a directory is there"));
  CHECK(results[0].error->fault() == Fault::conflict);
  CHECK_FALSE(results[0].in_place);
  CHECK_FALSE(results[1].error);
  CHECK(names_in(root / "etc") == 2);
}

TEST_CASE("replacement: the longest names work") {
  TemporaryRoot root;
  const auto host = root.host();
  const std::string name(255, 'n');
  Replacements batch(host);
  batch.stage("/etc/" + name, "x", plain());
  CHECK_FALSE(batch.commit()[0].error);
  CHECK(root.read("etc/" + name) == "x");
}

TEST_CASE("replacement: many files hold no descriptors and are all signed") {
  TemporaryRoot root;
  const auto host = root.host();
  const auto before = open_descriptors();
  Replacements batch(host);
  for (int i = 0; i < 300; ++i) {
    batch.stage("/etc/d" + std::to_string(i % 50) + "/f" + std::to_string(i), "content", plain());
  }
  CHECK_FALSE(batch.full());
  CHECK(open_descriptors() < before + 40);
  const auto results = batch.commit();
  for (const auto& result : results) {
    REQUIRE_FALSE(result.error);
    REQUIRE(same_lstat(result.signature, root.about(result.signature.path.substr(1))));
  }
  CHECK(open_descriptors() <= before + 2);
}

TEST_CASE("replacement: a full disk fails what does not fit and leaves nothing half-written") {
  TemporaryRoot root;
  const Mounted disk(root / "etc", 0, "size=256k");
  if (!disk) return;
  const auto host = root.host();
  root.write("etc/big", "small before");
  Replacements batch(host);
  batch.stage("/etc/a", std::string(1000, 'a'), plain());
  try {
    batch.stage("/etc/big", std::string(1024 * 1024, 'b'), plain());
    FAIL("it fitted");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::transient);
    CHECK_THAT(error.what(), Catch::Contains("/etc/big") && Catch::Contains("No space left"));
    CHECK_THAT(error.remedy(), Catch::Contains("free some space"));
  }
  batch.stage("/etc/c", std::string(1000, 'c'), plain());
  const auto results = batch.commit();
  REQUIRE(results.size() == 2);
  CHECK_FALSE(results[0].error);
  CHECK_FALSE(results[1].error);
  CHECK(root.read("etc/big") == "small before");
  CHECK(names_in(root / "etc") == 3);
}

TEST_CASE("replacement: a read-only file system is reported") {
  TemporaryRoot root;
  const Mounted disk(root / "etc", 0, "size=256k");
  if (!disk) return;
  const auto host = root.host();
  disk.make_read_only();
  Replacements batch(host);
  try {
    batch.stage("/etc/a", "a", plain());
    FAIL("it was written");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::transient);
    CHECK_THAT(error.what(), Catch::Contains("Read-only") && Catch::Contains("remount"));
  }
}
