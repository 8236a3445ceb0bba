#include <random>

#include <git2.h>

#include "unit/sync/street.h"

using namespace greenwave;
using namespace greenwave::test;

using Files = std::map<std::string, std::string>;
using Catch::Contains;

namespace {

struct Git {
  Git() { git_libgit2_init(); }
  ~Git() { git_libgit2_shutdown(); }
};

/// Thousands of small devices need no disk.
struct InMemory {
  InMemory() {
    if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 1);
  }
  ~InMemory() { before ? ::setenv("TMPDIR", before->c_str(), 1) : ::unsetenv("TMPDIR"); }

  std::optional<std::string> before =
      std::getenv("TMPDIR") != nullptr ? std::optional<std::string>(std::getenv("TMPDIR")) : std::nullopt;
};

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("places: who moves to a place keeps its own while the one that has it is refused") {
  const Git git;
  Street street;
  street.commit().file("a1", "/etc/1", "A").file("b1", "/etc/2", "B").sync();
  street.commit().file("a1", "/etc/2", "A").file("b1", "/etc/3", "B").file("c1", "/etc/3", "C").sync();
  CHECK(street.files() == Files{{"/etc/1", "A"}, {"/etc/2", "B"}});
  CHECK_THAT(joined(street.problems), Contains("File/a1 claims path /etc/2, which File/b1 still has; fix why "
                                               "File/b1 was refused, or remove its manifest"));
  street.commit().file("a1", "/etc/2", "A").file("b1", "/etc/3", "B").sync();
  CHECK(street.files() == Files{{"/etc/2", "A"}, {"/etc/3", "B"}});
  CHECK(street.problems.empty());
  street.sync();
  CHECK(street.done.empty());
}

TEST_CASE("places: a chain of moves waits for its last one that is refused, and goes on when it is not") {
  const Git git;
  Street street;
  street.commit().file("a", "/etc/1", "A").file("b", "/etc/2", "B").file("c", "/etc/3", "C").sync();
  street.commit().file("a", "/etc/2", "A").file("b", "/etc/3", "B");
  street.depends_on("File/nowhere", "c", "/etc/4", "C").sync();
  CHECK(street.files() == Files{{"/etc/1", "A"}, {"/etc/2", "B"}, {"/etc/3", "C"}});
  street.commit().file("a", "/etc/2", "A").file("b", "/etc/3", "B").file("c", "/etc/4", "C").sync();
  CHECK(street.files() == Files{{"/etc/2", "A"}, {"/etc/3", "B"}, {"/etc/4", "C"}});
}

TEST_CASE("places: a chain of moves waits for its last one that fails or waits for a window") {
  const Git git;
  const bool fails = GENERATE(true, false);
  Street street;
  street.commit().file("a", "/etc/1", "A").file("b", "/etc/2", "B").file("c", "/etc/3", "C").sync();
  street.commit().file("a", "/etc/2", "A").file("b", "/etc/3", "B").file("c", "/etc/4", "C");
  (fails ? street.mischief.failing : street.mischief.disruptive) = {"File/c"};
  street.closed = !fails;
  street.sync();
  CHECK(street.files() == Files{{"/etc/1", "A"}, {"/etc/2", "B"}, {"/etc/3", "C"}});
  CHECK(street.not_done.size() == 3);
  if (fails) {
    CHECK(
        street.not_done["File/b"] ==
        "waits for path /etc/3, which File/c still has, because File/c failed; goes on once File/c is fixed");
  }
  street.mischief = {};
  street.closed = false;
  street.sync();
  CHECK(street.files() == Files{{"/etc/2", "A"}, {"/etc/3", "B"}, {"/etc/4", "C"}});
}

TEST_CASE("places: a file whose dependency failed keeps its path, and so does who wants that") {
  const Git git;
  Street street;
  street.commit().file("a", "/etc/1", "A").file("b", "/etc/2", "B").sync();
  street.commit().file("z", "/etc/9", "Z").file("a", "/etc/2", "A").depends_on("File/z", "b", "/etc/3", "B");
  street.mischief.failing = {"File/z"};
  street.sync();
  CHECK(street.files() == Files{{"/etc/1", "A"}, {"/etc/2", "B"}});
  street.mischief = {};
  street.sync();
  CHECK(street.files() == Files{{"/etc/2", "A"}, {"/etc/3", "B"}, {"/etc/9", "Z"}});
}

TEST_CASE("places: files that swap stay where they are, and so does who wants one of their places") {
  const Git git;
  Street street;
  street.commit().file("a", "/etc/1", "A").file("b", "/etc/2", "B").file("c", "/etc/3", "C").sync();
  street.commit().file("a", "/etc/2", "A").file("b", "/etc/1", "B").file("c", "/etc/3", "C").sync();
  CHECK_THAT(joined(street.problems), Contains("these swap places: File/a → File/b → File/a"));
  CHECK(street.files() == Files{{"/etc/1", "A"}, {"/etc/2", "B"}, {"/etc/3", "C"}});
}

TEST_CASE("places: an old name's file stays until its successor is there") {
  const Git git;
  Street street;
  street.commit().file("old", "/etc/1", "old").sync();
  street.commit().file("new", "/etc/1", "new");
  street.mischief.failing = {"File/new"};
  street.sync();
  CHECK(street.files() == Files{{"/etc/1", "old"}});
  SECTION("and is given back when the name is") {
    street.mischief = {};
    street.commit().file("old", "/etc/1", "old").sync();
    CHECK(street.files() == Files{{"/etc/1", "old"}});
    CHECK(street.inventory().size() == 1);
  }
  SECTION("and goes when both go") {
    street.mischief = {};
    street.commit().file("other", "/etc/2", "B").sync();
    CHECK(street.files() == Files{{"/etc/2", "B"}});
  }
}

TEST_CASE("places: a directory is not removed for a file whose dependency fails") {
  const Git git;
  Street street(Files{{"conf/x", "X"}});
  street.commit().directory("conf", "/etc/d", ", source: conf").sync();
  street.commit().file("z", "/etc/9", "Z").depends_on("File/z", "flat", "/etc/d", "F");
  street.mischief.failing = {"File/z"};
  street.sync();
  CHECK(street.files() == Files{{"/etc/d/x", "X"}});
  street.mischief = {};
  street.sync();
  CHECK(street.files() == Files{{"/etc/9", "Z"}, {"/etc/d", "F"}});
}

TEST_CASE("places: a directory's files are handed over to files of their own") {
  const Git git;
  Street street(Files{{"conf/x", "X"}, {"conf/y", "Y"}});
  street.commit().directory("conf", "/etc/d", ", source: conf").sync();
  street.commit().file("x", "/etc/d/x", "mine").sync();
  CHECK(street.files() == Files{{"/etc/d/x", "mine"}});
  street.sync();
  CHECK(street.done.empty());
}

TEST_CASE("places: a directory with a new name takes over what it has and leaves nothing behind") {
  const Git git;
  Street street(Files{{"one/x", "X"}, {"one/y", "Y"}, {"two/x", "new"}});
  street.commit().directory("old", "/etc/d", ", source: one").sync();
  street.commit().directory("new", "/etc/d", ", source: two").sync();
  CHECK(street.files() == Files{{"/etc/d/x", "new"}});
  CHECK(street.inventory().size() == 1);
}

TEST_CASE("places: a file in a directory's source is not another object's at the same time") {
  const Git git;
  Street street(Files{{"conf/x", "X"}});
  street.commit().directory("conf", "/etc/d", ", source: conf").sync();
  street.commit().directory("conf", "/etc/d", ", source: conf").file("x", "/etc/d/x", "mine").sync();
  CHECK(street.files() == Files{{"/etc/d/x", "X"}});
  CHECK(street.not_done["File/x"] ==
        "path /etc/d/x is Directory/conf's; take it out there, or choose another place");
}

TEST_CASE("places: a purge waits for the file that moves out, and removes none that stays") {
  const Git git;
  Street street(Files{{"conf/x", "X"}});
  street.commit().file("in", "/etc/d/in", "I").sync();
  street.commit().directory("conf", "/etc/d", ", source: conf, purge: true").file("in", "/etc/out", "I");
  street.mischief.failing = {"File/in"};
  street.sync();
  CHECK(street.files() == Files{{"/etc/d/in", "I"}});
  street.mischief = {};
  street.sync();
  CHECK(street.files() == Files{{"/etc/d/x", "X"}, {"/etc/out", "I"}});
}

TEST_CASE("places: an owner that an earlier step creates is looked up when it is needed") {
  if (!is_root()) return;
  const Git git;
  Street street;
  street.root().write("etc/passwd", "root:x:0:0::/:/bin/sh\n");
  street.root().write("etc/group", "root:x:0:\n");
  street.file("users", "/etc/passwd", "root:x:0:0::/:/bin/sh\\nlights:x:77:0::/:/bin/sh\\n");
  street.file("a", "/etc/1", "A", ", annotations: {greenwave.dev/depends-on: File/users}", ", owner: lights");
  street.sync();
  CHECK(street.not_done.empty());
  CHECK(street.root().about("etc/1").st_uid == 77);
  street.commit().file("users", "/etc/passwd", "root:x:0:0::/:/bin/sh\\nlights:x:77:0::/:/bin/sh\\n");
  street.file("a", "/etc/1", "A", "", ", owner: camera").sync();
  CHECK_THAT(street.not_done["File/a"], Contains("there is no user camera"));
  CHECK_FALSE(street.inventory()[0].intended);
}

namespace {

/// One of many small histories of a device: commits that move files about, with refusals and failures.
class History {
 public:
  explicit History(unsigned seed) : random_(seed) {}

  void run() {
    const int count = pick(3, 6);
    for (int number = 0; number < count; ++number) names_.push_back(std::string(1, char('a' + number)));
    for (int number = 0; number < 4; ++number) {
      declare(number);
      const int passes = pick(1, 2);
      for (int i = 0; i < passes; ++i) pass();
    }
    converge();
  }

 private:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }

  void declare(int number) {
    street_.commit();
    story_ += "commit\n";
    street_.mischief = {};
    street_.may_prune = !chance(8);
    street_.closed = chance(20);
    for (const auto& name : names_) {
      const auto object = "File/" + name;
      if (chance(10)) street_.mischief.disruptive.insert(object);
      if (chance(10)) street_.mischief.failing.insert(object);
      if (!chance(75)) continue;
      const bool is_refused = chance(10);
      if (is_refused) street_.refused.push_back(id(object));
      if (is_refused && chance(50)) continue;
      std::string metadata;
      if (chance(6)) metadata = ", annotations: {greenwave.dev/prune: disabled}";
      if (chance(6)) metadata = ", annotations: {greenwave.dev/depends-on: File/nowhere}";
      if (chance(10)) {
        metadata = ", annotations: {greenwave.dev/depends-on: File/" +
                   names_[std::size_t(pick(0, int(names_.size()) - 1))] + "}";
      }
      const auto path = "/etc/" + std::to_string(pick(1, 5));
      const auto content = name + (chance(30) ? "" : std::to_string(number));
      declared_[object] = {path, content};
      story_ += object + " " + path + " " + content + metadata + (is_refused ? " refused" : "") + "\n";
      street_.file(name, path, content, metadata);
    }
    for (const auto& object : street_.mischief.failing) story_ += "failing " + object + "\n";
    if (street_.closed) {
      for (const auto& object : street_.mischief.disruptive) story_ += "disruptive " + object + "\n";
    }
    if (!street_.may_prune) story_ += "no prune\n";
  }

  void pass() {
    street_.sync();
    learn();
    check();
  }

  /// What the steps that succeeded gave each object, and took from it.
  void learn() {
    for (const auto& line : street_.done) {
      const auto verb = line.substr(0, line.find(' '));
      const auto object = line.substr(line.find(' ') + 1);
      story_ += "  " + line + "\n";
      if (verb == "remove" || verb == "release") {
        rightful_.erase(object);
      } else {
        rightful_[object] = declared_.at(object);
      }
    }
    for (const auto& [object, why] : street_.not_done) story_ += "  not " + object + ": " + why + "\n";
    for (const auto& problem : street_.problems) story_ += "  " + problem + "\n";
  }

  /// The device holds what each object was last given, and nothing else.
  void check() {
    Files expected;
    for (const auto& [object, file] : rightful_) expected[file.first] = file.second;
    INFO(story_);
    REQUIRE(expected.size() == rightful_.size());
    REQUIRE(street_.files() == expected);
  }

  /// The refusals are gone: the end is what is declared, however the objects have to get there.
  void converge() {
    street_.mischief = {};
    street_.closed = false;
    street_.may_prune = true;
    std::vector<int> places{1, 2, 3, 4, 5, 6, 7};
    std::shuffle(places.begin(), places.end(), random_);
    const auto end = [&](bool aside) {
      street_.commit();
      story_ += "the end\n";
      Files files;
      for (std::size_t i = 0; i < names_.size(); ++i) {
        const auto path = (aside ? "/etc/aside" : "/etc/") + std::to_string(places[i]);
        declared_["File/" + names_[i]] = {path, "end"};
        street_.file(names_[i], path, "end");
        files[path] = "end";
      }
      pass();
      return files;
    };
    auto files = end(false);
    if (!street_.problems.empty()) {
      // They swap: a commit between sets them aside.
      INFO(story_);
      REQUIRE_THAT(joined(street_.problems), Contains("these swap places"));
      end(true);
      files = end(false);
    }
    INFO(story_);
    REQUIRE(street_.files() == files);
    street_.sync();
    REQUIRE(street_.done.empty());
    REQUIRE(street_.not_done.empty());
  }

  std::mt19937 random_;
  Street street_;
  std::vector<std::string> names_;
  std::map<std::string, std::pair<std::string, std::string>> declared_;
  std::map<std::string, std::pair<std::string, std::string>> rightful_;
  std::string story_;
};

}  // namespace

TEST_CASE("places: whatever is refused, fails or waits, each path holds what its owner last declared") {
  const Git git;
  const InMemory in_memory;
  const char* chosen = std::getenv("GREENWAVE_SEEDS");
  const unsigned seeds = chosen != nullptr ? unsigned(std::atoi(chosen)) : 1000;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    INFO("seed " << seed);
    History(seed).run();
  }
}
