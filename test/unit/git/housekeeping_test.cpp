#include "git/housekeeping.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "git/ancestry.h"
#include "support/git_workshop.h"

using namespace greenwave;

namespace {

namespace fs = std::filesystem;

const git::GoOn always = [] { return true; };

/// A store whose packs git itself wrote.
struct Device : test::Workshop {
  git::Store store{directory() / "store"};

  /// The objects that `git rev-list --objects ARGUMENTS` names, as one pack of the store.
  void add_pack(const std::string& arguments) const { sh("git rev-list --objects " + arguments); }
  void add_objects(const std::vector<std::string>& oids) const {
    std::string list;
    for (const auto& oid : oids) list += " " + oid;
    sh("printf '%s\\n'" + list);
  }

  /// A commit with some files, and its pack in the store.
  CommitId next(int number) const {
    write("base/counter", std::to_string(number) + "\n");
    write("devices/" + std::to_string(number % 7) + "/motd", random_text(number));
    auto made = commit("number " + std::to_string(number));
    add_pack(made.text() + (number == 0 ? "" : " ^" + made.text() + "^"));
    return made;
  }

  static std::string random_text(int seed, std::size_t size = 400) {
    std::string text;
    unsigned value = static_cast<unsigned>(seed) * 7919U + 1;
    while (text.size() < size) {
      value = value * 1664525U + 1013904223U;
      text += static_cast<char>('a' + (value >> 24) % 26);
    }
    return text;
  }

  std::size_t packs() const {
    std::size_t count = 0;
    for (const auto& file : fs::directory_iterator(store.directory() / "objects" / "pack")) {
      count += file.path().extension() == ".pack" ? 1 : 0;
    }
    return count;
  }

  bool has(const std::string& oid) const { return has_object(store.directory(), oid); }

  std::string in_store(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "git");
    return run_in(store.directory(), arguments);
  }

 private:
  void sh(const std::string& names) const {
    run_in(city(), {"sh", "-c",
                    names + " | git pack-objects -q --stdout | git -C " + store.directory().native() +
                        " index-pack --stdin >/dev/null"});
  }
};

/// Every path of a commit with its content.
std::string everything(const SourceTree& tree, const std::string& path = "") {
  std::string text;
  for (const auto& item : tree.list(path)) {
    const auto below = path.empty() ? item.name : path + "/" + item.name;
    text += below + "=" +
            (item.type == SourceTree::Type::directory ? everything(tree, below) : tree.read(below, 1 << 20)) +
            "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("housekeeping: it is due at 20 packs, 200 loose objects, or more ballast than need") {
  const auto due = [](std::size_t packs, std::size_t loose, std::uint64_t held, std::uint64_t needed) {
    return git::is_due({packs, loose, held, needed, 1});
  };
  CHECK_FALSE(due(1, 0, 1'000'000, 1'000'000));
  CHECK_FALSE(due(19, 199, 2'000'000, 1'000'000));
  CHECK(due(20, 0, 1'000'000, 1'000'000));
  CHECK(due(1, 200, 1'000'000, 1'000'000));
  CHECK(due(1, 0, 2'000'001, 1'000'000));
  CHECK_FALSE(due(1, 0, 200'000, 10));
}

TEST_CASE("housekeeping: the store stays small through many commits, and what is kept stays whole") {
  Device device;
  CommitId last_good;
  CommitId applied;
  std::size_t repacked = 0;
  for (int i = 0; i < 24; ++i) {
    last_good = applied;
    applied = device.next(i);
    device.store.keep("applied", applied);
    if (!last_good.empty()) device.store.keep("last-good", last_good);
    repacked += git::tidy(device.store, always) ? 1 : 0;
    CHECK(device.packs() <= 20);
    if (i % 10 != 9) continue;
    for (const auto& commit : {applied, last_good}) {
      CHECK(everything(*device.store.tree(commit, "")).find("base") == 0);
    }
  }
  CHECK(repacked == 1);
  git::tidy(device.store, always, true);
  const auto names =
      device.in_store({"rev-list", "--no-walk", "--objects", applied.text(), last_good.text()});
  const auto all = device.in_store({"cat-file", "--batch-all-objects", "--batch-check"});
  CHECK(std::count(all.begin(), all.end(), '\n') == std::count(names.begin(), names.end(), '\n'));
  const auto usage = git::measure(device.store);
  CHECK(usage.held == usage.needed);
  CHECK(usage.packs == 1);
  CHECK(usage.commits == 2);
}

TEST_CASE("housekeeping: what it leaves passes git's own check as a history of one commit") {
  Device device;
  CommitId commit;
  for (int i = 0; i < 5; ++i) commit = device.next(i);
  device.store.keep("applied", commit);
  CHECK(git::tidy(device.store, always, true));
  CHECK(device.packs() == 1);
  std::ofstream(device.store.directory() / "shallow") << commit.text() << "\n";
  device.in_store({"fsck", "--full", "--strict"});
  CHECK(device.in_store({"rev-list", "--count", commit.text()}) == "1\n");
}

TEST_CASE("housekeeping: a store without any ballast is not written") {
  Device device;
  device.store.keep("applied", device.next(0));
  CHECK(git::tidy(device.store, always, true));
  const auto before = device.run_in(device.store.directory(), {"find", ".", "-printf", "%p %i %T@ %C@\\n"});
  CHECK_FALSE(git::tidy(device.store, always));
  CHECK(device.run_in(device.store.directory(), {"find", ".", "-printf", "%p %i %T@ %C@\\n"}) == before);
}

TEST_CASE("housekeeping: a large file that no kept commit has any more is dropped at once") {
  Device device;
  device.write("firmware.bin", Device::random_text(1, 600'000));
  const auto large = device.commit("large");
  device.add_pack(large.text());
  device.git({"rm", "-q", "firmware.bin"});
  device.write("motd", "hello");
  const auto small = device.commit("small");
  device.add_pack(small.text() + " ^" + large.text());
  device.store.keep("applied", large);
  CHECK_FALSE(git::tidy(device.store, always));
  device.store.keep("applied", small);
  CHECK(git::tidy(device.store, always));
  CHECK(device.store.has(small));
  CHECK_FALSE(device.store.has(large));
}

TEST_CASE("housekeeping: a partial store keeps what it has, and what it lacks is not an error") {
  Device device;
  device.write("devices/a/motd", "a");
  device.write("devices/b/motd", "b");
  const auto commit = device.commit("partial");
  const auto name = [&](const std::string& path) { return device.git({"rev-parse", commit.text() + path}); };
  device.add_objects({commit.text(), name("^{tree}")});
  device.add_objects({name(":devices"), name(":devices/a")});
  device.add_objects({name(":devices/a/motd")});
  device.store.keep("applied", commit);
  CHECK(git::tidy(device.store, always, true));
  CHECK(device.packs() == 1);
  CHECK(device.store.tree(commit, "devices/a")->read("motd", 100) == "a");
  CHECK_FALSE(device.has(name(":devices/b")));
}

TEST_CASE("housekeeping: the commits that lead from one kept commit to another stay, without their files") {
  Device device;
  const auto oldest = device.next(0);
  const auto accepted = device.next(1);
  const auto between = device.next(2);
  const auto refused = device.next(3);
  const auto tree_between = device.git({"rev-parse", between.text() + "^{tree}"});
  device.store.keep("accepted", accepted);
  device.store.keep("incoming", refused);
  CHECK(git::tidy(device.store, always, true));
  CHECK(device.store.has(between));
  CHECK_FALSE(device.has(tree_between));
  CHECK_FALSE(device.store.has(oldest));
  CHECK(git::judge_move(device.store, accepted, refused).move == git::Move::forward);
  const auto usage = git::measure(device.store);
  CHECK(usage.held == usage.needed);
  device.store.keep("accepted", refused);
  CHECK(git::tidy(device.store, always, true));
  CHECK_FALSE(device.store.has(between));
}

TEST_CASE("housekeeping: loose objects are packed and dropped") {
  Device device;
  device.write("motd", "hello");
  const auto commit = device.commit("loose");
  device.run_in(device.directory(), {"sh", "-c", "cp -r city/.git/objects/?? store/objects/"});
  device.store.keep("applied", commit);
  CHECK(git::measure(device.store).loose == 3);
  CHECK(git::tidy(device.store, always, true));
  CHECK(git::measure(device.store).loose == 0);
  CHECK(device.store.tree(commit, "")->read("motd", 100) == "hello");
}

TEST_CASE("housekeeping: nothing is dropped while no commit is kept") {
  Device device;
  const auto commit = device.next(0);
  CHECK_FALSE(git::tidy(device.store, always, true));
  CHECK(device.store.has(commit));
}

TEST_CASE("housekeeping: a reader of a tree is not disturbed, and the old packs' space is freed") {
  Device device;
  CommitId commit;
  for (int i = 0; i < 8; ++i) commit = device.next(i);
  device.store.keep("applied", commit);
  const auto whole =
      device.run_in(device.city(), {"git", "cat-file", "-p", commit.text() + ":devices/3/motd"});
  auto reading = device.store.tree(commit, "");
  CHECK(reading->list("").size() == 2);
  CHECK(git::tidy(device.store, always, true));
  CHECK(reading->read("devices/3/motd", 1000) == whole);
  CHECK(everything(*reading) == everything(*device.store.tree(commit, "")));
  reading.reset();
  for (const auto& fd : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto target = fs::read_symlink(fd.path(), error).native();
    INFO(target);
    CHECK_FALSE((target.find("store/objects") != std::string::npos && target.ends_with("(deleted)")));
  }
}

TEST_CASE("housekeeping: when stopped, it leaves the store as it was") {
  Device device;
  CommitId commit;
  for (int i = 0; i < 5; ++i) commit = device.next(i);
  device.store.keep("applied", commit);
  CHECK_THROWS_WITH(git::tidy(
                        device.store, [] { return false; }, true),
                    Catch::Contains("was stopped"));
  CHECK(device.packs() == 5);
  CHECK_FALSE(everything(*device.store.tree(commit, "")).empty());
}

// Run by the next test in a process of its own, which is killed.
TEST_CASE("repack the store that the environment names", "[.repack]") {
  const char* directory = std::getenv("GREENWAVE_TEST_STORE");
  REQUIRE(directory != nullptr);
  git::Store store(directory);
  git::tidy(store, always, true);
}

TEST_CASE("housekeeping: killed at any change of the disk, it loses nothing and the next run clears up") {
  Device device;
  CommitId commit;
  for (int i = 0; i < 3; ++i) commit = device.next(i);
  const auto loose = device.git({"rev-parse", commit.text() + ":base/counter"});
  device.run_in(device.directory(),
                {"sh", "-c", "cp -r city/.git/objects/" + loose.substr(0, 2) + " store/objects/"});
  device.store.keep("applied", commit);
  const auto expected = everything(*device.store.tree(commit, ""));
  const auto self = fs::read_symlink("/proc/self/exe").native();
  const auto copy = device.directory() / "copy";
  int kills = 0;
  // strace counts each system call by itself.
  for (const std::string change :
       {"mkdir", "fsync", "ftruncate", "link", "rename", "unlink", "unlinkat", "rmdir"}) {
    for (int when = 1;; ++when) {
      fs::remove_all(copy);
      fs::copy(device.store.directory(), copy, fs::copy_options::recursive);
      Command command;
      command.argv = {"strace",
                      "-qq",
                      "-f",
                      "-o",
                      "/dev/null",
                      "-e",
                      "trace=" + change,
                      "-e",
                      "inject=" + change + ":signal=KILL:when=" + std::to_string(when),
                      self,
                      "[repack]"};
      // Under strace no leaks can be looked for.
      command.environment = {{"GREENWAVE_TEST_STORE", copy.native()}, {"ASAN_OPTIONS", "detect_leaks=0"}};
      const auto result = run(command);
      INFO("killed at " << change << " " << when << ": " << result.output);
      git::Store store(copy);
      CHECK(everything(*store.tree(commit, "")) == expected);
      if (result.status == 0) {
        CHECK(result.output.find("All tests passed") != std::string::npos);
        break;
      }
      ++kills;
      CHECK(git::tidy(store, always, true));
      CHECK(everything(*store.tree(commit, "")) == expected);
      const auto left =
          device.run_in(copy, {"find", ".", "-path", "./objects/pack/?*", "-o", "-name", "repack"});
      INFO(left);
      CHECK(std::count(left.begin(), left.end(), '\n') == 2);
      REQUIRE(when < 100);
    }
  }
  CHECK(kills > 15);
}
