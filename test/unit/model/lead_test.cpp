#include "model/lead.h"

#include <filesystem>
#include <fstream>
#include <random>

#include <catch2/catch.hpp>

#include "support/directory_tree.h"
#include "support/memory_tree.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using Type = SourceTree::Type;
namespace fs = std::filesystem;

namespace {

const auto tree = test::MemoryTree({{"base/a.yaml", "a"},
                                    {"base/self", "self"},
                                    {"away", "../base"},
                                    {"absolute", "/base"},
                                    {"gone", "base/b.yaml"},
                                    {"dir", "base"},
                                    {"file", "dir/./a.yaml"},
                                    {"deep/up", "../dir"},
                                    {"empty", ""},
                                    {"module", ""},
                                    {"through", "module/x"}})
                      .having({{"base/self", Type::link},
                               {"away", Type::link},
                               {"absolute", Type::link},
                               {"gone", Type::link},
                               {"dir", Type::link},
                               {"file", Type::link},
                               {"deep/up", Type::link},
                               {"empty", Type::link},
                               {"module", Type::other},
                               {"through", Type::link}});

}  // namespace

TEST_CASE("lead: a path leads through links to a file or a directory, which is named without them") {
  CHECK(follow(tree, "base/a.yaml").path == "base/a.yaml");
  CHECK(follow(tree, "file").path == "base/a.yaml");
  CHECK(follow(tree, "file").is_file());
  CHECK(follow(tree, "deep/up/a.yaml").path == "base/a.yaml");
  CHECK(follow(tree, "deep/up").path == "base");
  CHECK(follow(tree, "deep/up").is_directory());
  CHECK(follow(tree, "").is_directory());
}

TEST_CASE("lead: what is not there is no refusal, and a link that leads nowhere is one") {
  for (const auto* path : {"none", "base/none", "base/a.yaml/none"}) {
    CHECK_FALSE(follow(tree, path).item);
    CHECK(follow(tree, path).refusal.empty());
  }
  const std::pair<const char*, const char*> refused[] = {
      {"away", "the link away leads out of the repository"},
      {"absolute/a.yaml", "the link absolute leads out of the repository"},
      {"gone", "the link gone leads to base/b.yaml, which does not exist"},
      {"dir/none", "the link dir leads to base/none, which does not exist"},
      {"base/self", "the link base/self leads back to itself"},
      {"empty", "the link empty leads to nothing"},
      {"module", "module is a submodule, which is not read"},
      {"module/x", "module is a submodule, which is not read"},
      {"through", "module is a submodule, which is not read"}};
  for (const auto& [path, why] : refused) {
    const auto lead = follow(tree, path);
    CHECK_FALSE(lead.item);
    CHECK(lead.refusal == why);
    CHECK_FALSE(lead.remedy.empty());
  }
}

TEST_CASE("lead: any path leads to where the operating system finds it, and never out of the repository") {
  const auto seed = GENERATE(range(1U, 60U));
  std::mt19937 random(seed);
  const auto some = [&](std::size_t count) { return std::size_t(random() % count); };
  const test::TemporaryDirectory scratch;
  const auto root = scratch.path() / "root";
  fs::create_directories(root);
  std::ofstream(scratch.path() / "outside") << "x";

  std::vector<std::string> directories{""};
  std::vector<std::string> paths;
  const auto name = [&] { return std::string(1, static_cast<char>('a' + some(6))); };
  for (int i = 0; i < 24; ++i) {
    const auto& above = directories[some(directories.size())];
    const auto path = above.empty() ? name() : above + "/" + name();
    if (fs::exists(fs::symlink_status(root / path))) continue;
    paths.push_back(path);
    switch (some(4)) {
      case 0:
        std::ofstream(root / path) << "x";
        break;
      case 1:
        fs::create_directory(root / path);
        directories.push_back(path);
        break;
      default: {
        std::string target;
        for (std::size_t n = 0; n <= some(4); ++n) {
          target += (target.empty() ? "" : "/") + (some(3) == 0 ? std::string("..") : name());
        }
        fs::create_symlink(some(12) == 0 ? "../outside" : target, root / path);
      }
    }
  }
  for (const auto& path : std::vector<std::string>(paths)) paths.push_back(path + "/" + name());

  const test::DirectoryTree files(root);
  const auto top = fs::canonical(root);
  for (const auto& path : paths) {
    INFO("seed " << seed << ", path " << path);
    const auto lead = follow(files, path);
    std::error_code error;
    const auto real = fs::canonical(root / path, error);
    const auto below = fs::relative(real, top);
    const bool is_inside = !error && *below.begin() != "..";
    if (lead.item) {
      REQUIRE_FALSE(error);
      CHECK((below == "." ? "" : below.string()) == lead.path);
      CHECK(lead.is_directory() == fs::is_directory(real));
    } else if (is_inside) {
      // It leads out and back again, or is found where a commit has nothing.
      CHECK(lead.refusal.find("leads out of the repository") != std::string::npos);
    }
  }
}
