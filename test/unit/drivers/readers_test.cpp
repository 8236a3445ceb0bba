#include "drivers/host/readers.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "unit/drivers/file_work.h"

using namespace greenwave;
using namespace greenwave::drivers::host;
namespace fs = std::filesystem;

namespace {

bool reads(test::FileWork& work, const std::vector<plan::Desired>& render, const std::string& path,
           mode_t mode) {
  const auto host = work.root.host();
  Parents parents(host, Parents::Purpose::look);
  Claimed claimed(render);
  return Readers(claimed).are_everybody(parents, path, mode);
}

}  // namespace

TEST_CASE("readers: what everybody may read is public by its mode and by every directory on the way") {
  test::FileWork work;
  work.root.write("etc/open/file", "x");
  work.root.write("etc/closed/inner/file", "x");
  fs::permissions(work.root / "etc/closed", fs::perms(0750));
  fs::create_directory_symlink("closed/inner", work.root / "etc/link");
  CHECK(reads(work, {}, "/etc/open/file", 0644));
  CHECK_FALSE(reads(work, {}, "/etc/open/file", 0640));
  CHECK_FALSE(reads(work, {}, "/etc/closed/inner/file", 0644));
  CHECK_FALSE(reads(work, {}, "/etc/link/file", 0644));
  CHECK(reads(work, {}, "/etc/open/none/yet/file", 0644));
  CHECK_FALSE(reads(work, {}, "/etc/closed/none/yet/file", 0644));
}

TEST_CASE("readers: a directory that is declared closed counts before it is made") {
  test::FileWork work;
  const std::vector<plan::Desired> closed{work.desired("Directory", "d", "path: /etc/d\nmode: \"0700\"")};
  const std::vector<plan::Desired> open{work.desired("Directory", "d", "path: /etc/d")};
  CHECK_FALSE(reads(work, closed, "/etc/d/a/file", 0644));
  CHECK(reads(work, open, "/etc/d/a/file", 0644));
}

TEST_CASE("readers: neither a new file for its owner alone nor one in a closed directory is shown or kept") {
  test::FileWork work;
  const auto shown = [&](const std::string& name, const std::string& spec) {
    const auto desired = work.desired("File", name, spec);
    const auto difference = test::difference_of(work.driver, desired, nullptr, work.tree, {.describe = true});
    return difference.diff + difference.was;
  };
  CHECK_THAT(shown("own", "path: /etc/own\ncontent: hunter2\nmode: \"0600\""),
             Catch::Contains("not everybody") && !Catch::Contains("hunter2"));
  CHECK_THAT(shown("public", "path: /etc/public\ncontent: hunter2"), Catch::Contains("hunter2"));
  work.root.write("etc/closed/file", "hunter3");
  fs::permissions(work.root / "etc/closed", fs::perms(0700));
  CHECK_THAT(shown("file", "path: /etc/closed/file\ncontent: hunter2"),
             Catch::Contains("content changed") && !Catch::Contains("hunter"));
  work.root.write("etc/public", "hunter3");
  CHECK_THAT(shown("closing", "path: /etc/public\ncontent: hunter2\nmode: \"0600\""),
             !Catch::Contains("hunter2"));
}
