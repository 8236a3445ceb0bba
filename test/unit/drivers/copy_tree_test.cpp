#include "drivers/podman/copy_tree.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/seeds.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using greenwave::drivers::podman::copy_tree;

namespace {

namespace fs = std::filesystem;

/// All of a tree that a copy must have: by path, its kind, mode, owner, time and content.
std::string all_of(const fs::path& root) {
  std::map<std::string, std::string> found;
  const auto tell = [&](const fs::path& path) {
    struct stat about {};
    REQUIRE(::lstat(path.c_str(), &about) == 0);
    std::string content;
    if (S_ISLNK(about.st_mode)) {
      content = fs::read_symlink(path).native();
      about.st_mtim = {};
    }
    if (S_ISFIFO(about.st_mode)) about.st_mtim = {};
    if (S_ISREG(about.st_mode)) {
      std::ifstream file(path);
      content.assign(std::istreambuf_iterator<char>(file), {});
    }
    found[path.lexically_relative(root).native()] =
        fmt::format("{:o} {}:{} {}.{} {}", about.st_mode, about.st_uid, about.st_gid, about.st_mtim.tv_sec,
                    about.st_mtim.tv_nsec, content);
  };
  tell(root);
  for (const auto& item : fs::recursive_directory_iterator(root)) tell(item.path());
  std::string lines;
  for (const auto& [path, about] : found) lines += fmt::format("{}: {}\n", path, about);
  return lines;
}

void fill(const fs::path& directory, std::minstd_rand& random, unsigned depth) {
  for (unsigned i = 0; i < random() % 5; ++i) {
    const auto path = directory / fmt::format("n{}", i);
    switch (random() % 5) {
      case 0:
        fs::create_symlink(random() % 2 == 0 ? "/etc/passwd" : "../nowhere", path);
        continue;
      case 1:
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        break;
      case 2:
        if (depth == 0) continue;
        fs::create_directory(path);
        fill(path, random, depth - 1);
        break;
      default:
        std::ofstream(path) << std::string(random() % 9 * random() % 100, 'x');
    }
    const bool is_fifo = fs::is_fifo(path);
    if (!is_fifo && ::geteuid() == 0) {
      REQUIRE(::chown(path.c_str(), static_cast<uid_t>(random() % 1000), static_cast<gid_t>(random() % 9)) ==
              0);
    }
    fs::permissions(path, static_cast<fs::perms>(0400U | (random() % 07777U)));
  }
}

}  // namespace

TEST_CASE("copy tree: any tree is copied with its owners, modes and times, and no link is followed") {
  const auto first = test::first_seed();
  for (auto seed = first; seed < first + test::seed_count(40); ++seed) {
    CAPTURE(seed);
    std::minstd_rand random(seed + 1);
    const test::TemporaryDirectory scratch;
    const auto from = scratch / "from";
    fs::create_directory(from);
    fill(from, random, ::geteuid() == 0 ? 3 : 0);
    copy_tree(from, scratch / "to");
    CHECK(all_of(scratch / "to") == all_of(from));
  }
}
