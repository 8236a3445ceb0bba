#include "sync/intake/changed_paths.h"

#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "support/memory_tree.h"

using namespace greenwave;
using namespace greenwave::sync;

namespace {

using Files = std::map<std::string, std::string>;
using Paths = std::vector<std::string>;

/// `asked` gets the directories that are read.
WithDirectories of(const Files& files, std::set<std::string>* asked = nullptr) {
  return [&files, asked](const Paths& directories) {
    if (asked != nullptr) asked->insert(directories.begin(), directories.end());
    return std::make_unique<test::MemoryTree>(files);
  };
}

/// The same, from the definition.
Paths difference(const Files& before, const Files& after) {
  std::set<std::string> changed;
  for (const auto* one : {&before, &after}) {
    const auto& other = one == &before ? after : before;
    for (const auto& [path, content] : *one) {
      const auto found = other.find(path);
      if (found == other.end() || found->second != content) changed.insert(path);
    }
  }
  return {changed.begin(), changed.end()};
}

Files random_files(std::mt19937& random) {
  Files files;
  const auto letter = [&](unsigned of) { return std::string(1, "abcd"[random() % of]); };
  for (int i = 0; i < 12; ++i) {
    std::string path;
    for (unsigned depth = random() % 3; depth > 0; --depth) path += letter(2) + "/";
    // What is a directory for one may be a file for the other.
    path += letter(4);
    const bool clashes = std::ranges::any_of(files, [&path](const auto& file) {
      return file.first.starts_with(path + "/") || path.starts_with(file.first + "/");
    });
    if (!clashes) files[path] = std::to_string(random() % 3);
  }
  return files;
}

}  // namespace

TEST_CASE("changed paths: between any two trees they are the files that are not the same in both") {
  std::mt19937 random(11);
  for (int i = 0; i < 500; ++i) {
    const auto before = random_files(random);
    auto after = random() % 2 == 0 ? before : random_files(random);
    after["a/new"] = "";
    if (after.contains("a")) after.erase("a/new");
    CHECK(changed_paths(of(before), of(after)) == difference(before, after));
  }
}

TEST_CASE("changed paths: a directory that is the same in both is not read") {
  const Files before{{"base/a", "1"}, {"other/deep/b", "1"}};
  auto after = before;
  after["base/a"] = "2";
  std::set<std::string> asked;
  CHECK(changed_paths(of(before), of(after, &asked)) == Paths{"base/a"});
  CHECK(asked == std::set<std::string>{"", "base"});
}

TEST_CASE("changed paths: without a tree before, all files have changed") {
  const Files after{{"base/a", "1"}, {"b", "1"}};
  CHECK(changed_paths([](const Paths&) { return nullptr; }, of(after)) == Paths{"b", "base/a"});
}
