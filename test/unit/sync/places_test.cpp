#include <random>

#include <git2.h>

#include "support/seeds.h"
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

TEST_CASE(
    "places: a file that failed to take a directory's place leaves it to that one, wherever both go then") {
  const Git git;
  Street street(Files{{"conf/x", "X"}, {"conf/y", "Y"}});
  street.commit().directory("conf", "/etc/d", ", source: conf").sync();
  street.commit().file("west", "/etc/d/y", "mine");
  street.mischief.failing = {"File/west"};
  street.sync();
  CHECK(street.files() == Files{{"/etc/d/x", "X"}, {"/etc/d/y", "Y"}});
  street.mischief.failing.clear();
  street.commit().directory("conf", "/etc/e", ", source: conf").file("west", "/etc/1", "mine").sync();
  CHECK(street.files() == Files{{"/etc/1", "mine"}, {"/etc/e/x", "X"}, {"/etc/e/y", "Y"}});
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
  CHECK_THAT(joined(street.problems), Contains("File/x and the source of Directory/conf"));
  CHECK(street.done.empty());
}

TEST_CASE("places: what a directory and another object both make is refused before either makes it") {
  const Git git;
  Street street(Files{{"outer/x", "X"}, {"outer/in/y", "Y"}, {"inner/y", "mine"}, {"other/z", "Z"}});
  street.commit().directory("outer", "/etc/d", ", source: outer");
  const auto both_claim = [&](const std::string& who, const std::string& path) {
    street.sync();
    CHECK_THAT(
        joined(street.problems),
        Contains(who + " and the source of Directory/outer (outer.yaml:1:1) both claim path " + path +
                 "; take it out of the source, or choose another path; until then neither is applied"));
  };
  SECTION("a file") {
    street.file("x", "/etc/d/x", "mine");
    both_claim("File/x", "/etc/d/x");
  }
  SECTION("a file where the source has a directory") {
    street.file("in", "/etc/d/in", "mine");
    both_claim("File/in", "/etc/d/in");
  }
  SECTION("a file below one of the source") {
    street.file("below", "/etc/d/x/below", "mine").sync();
    CHECK_THAT(joined(street.problems), Contains("File/below claims path /etc/d/x/below, and the source of "
                                                 "Directory/outer (outer.yaml:1:1) has a file where a "
                                                 "directory above it would be"));
  }
  SECTION("a file below a file") {
    street.file("top", "/etc/e", "mine").file("below", "/etc/e/below", "mine").sync();
    CHECK_THAT(joined(street.problems), Contains("File/below claims path /etc/e/below, which lies below path "
                                                 "/etc/e of File/top (top.yaml:1:1)"));
    CHECK(street.files() == Files{{"/etc/d/in/y", "Y"}, {"/etc/d/x", "X"}});
    return;
  }
  SECTION("a directory in it") {
    street.directory("inner", "/etc/d/in", ", source: inner");
    both_claim("Directory/inner", "/etc/d/in/y");
  }
  SECTION("a directory in it that purges") {
    street.directory("inner", "/etc/d/in", ", source: other, purge: true").sync();
    CHECK_THAT(joined(street.problems),
               Contains("the source of Directory/outer (outer.yaml:1:1) has files in "
                        "path /etc/d/in, and Directory/inner removes what is not in "
                        "its own source there"));
  }
  CHECK(street.files().empty());
}

TEST_CASE("places: a directory lies in another one where their sources have different files") {
  const Git git;
  Street street(Files{{"outer/x", "X"}, {"outer/in/y", "Y"}, {"inner/z", "Z"}});
  street.commit().directory("outer", "/etc/d", ", source: outer");
  street.directory("inner", "/etc/d/in", ", source: inner").sync();
  CHECK(street.problems.empty());
  CHECK(street.files() == Files{{"/etc/d/in/y", "Y"}, {"/etc/d/in/z", "Z"}, {"/etc/d/x", "X"}});
  street.sync();
  CHECK(street.done.empty());
}

TEST_CASE("places: a directory's source takes over a file, which is there all the time") {
  const Git git;
  Street street(Files{{"conf/x", "X"}});
  street.commit().file("x", "/etc/d/x", "old").sync();
  street.commit().directory("conf", "/etc/d", ", source: conf");
  SECTION("also when it fails at first") {
    street.mischief.failing = {"Directory/conf"};
    street.sync();
    CHECK(street.files() == Files{{"/etc/d/x", "old"}});
    street.mischief = {};
  }
  SECTION("also when it purges what is not in it") {
    street.commit().directory("conf", "/etc/d", ", source: conf, purge: true");
  }
  street.sync();
  CHECK(street.files() == Files{{"/etc/d/x", "X"}});
  CHECK(street.done.back() == "remove File/x");
  street.sync();
  CHECK(street.done.empty());
}

TEST_CASE("places: a directory's source waits for the file that moves out of its way, or stays") {
  const Git git;
  Street street(Files{{"conf/x", "X"}});
  street.commit().file("x", "/etc/d/x", "old", ", annotations: {greenwave.dev/prune: disabled}").sync();
  SECTION("it moves") {
    street.commit().directory("conf", "/etc/d", ", source: conf").file("x", "/etc/1", "old");
    street.mischief.failing = {"File/x"};
    street.sync();
    CHECK(street.files() == Files{{"/etc/d/x", "old"}});
    street.mischief = {};
    street.sync();
    CHECK(street.files() == Files{{"/etc/1", "old"}, {"/etc/d/x", "X"}});
  }
  SECTION("it may not be removed") {
    street.commit().directory("conf", "/etc/d", ", source: conf").sync();
    CHECK(street.files() == Files{{"/etc/d/x", "old"}});
    CHECK_THAT(joined(street.problems),
               Contains("Directory/conf takes the place of File/x, which may not be removed"));
  }
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

TEST_CASE("places: what a directory would have purged comes back when it is dropped before it was applied") {
  const Git git;
  Street street(Files{{"conf/x", "X"}});
  street.root().write("etc/d/a", "the device's");
  street.commit().file("a", "/etc/d/a", "A").file("b", "/etc/d/b", "B").sync();
  street.commit().directory("conf", "/etc/d", ", source: conf, purge: true");
  street.file("a", "/etc/1", "A").file("b", "/etc/2", "B");
  street.mischief.failing = {"File/b"};
  street.sync();
  CHECK(street.files() == Files{{"/etc/1", "A"}, {"/etc/d/b", "B"}});
  street.mischief = {};
  street.commit().file("a", "/etc/1", "A").file("b", "/etc/2", "B").sync();
  CHECK(street.files() == Files{{"/etc/1", "A"}, {"/etc/2", "B"}, {"/etc/d/a", "the device's"}});
  CHECK(street.inventory().size() == 2);
  street.commit().sync();
  CHECK(street.files() == Files{{"/etc/d/a", "the device's"}});
}

TEST_CASE(
    "places: a directory in another one's source has the mode that it declares, and gives back the outer "
    "one's") {
  const Git git;
  Street street(Files{{"outer/x", "X"}, {"outer/in/y", "Y"}, {"inner/z", "Z"}});
  const auto mode = [&] { return street.root().mode("etc/d/in"); };
  const auto declare_outer = [&](const std::string& more) {
    street.commit().directory("outer", "/etc/d", ", source: outer" + more);
  };
  declare_outer("");
  street.directory("inner", "/etc/d/in", ", source: inner, mode: \"0700\"").sync();
  for (int times = 0; times < 2; ++times) {
    CHECK(mode() == 0700);
    street.sync();
    CHECK(street.done.empty());
  }
  declare_outer(", fileMode: \"0600\"");
  street.directory("inner", "/etc/d/in", ", source: inner, mode: \"0700\"").sync();
  CHECK(mode() == 0700);
  declare_outer(", fileMode: \"0600\"");
  street.sync();
  CHECK(mode() == 0755);
  CHECK(street.files() == Files{{"/etc/d/in/y", "Y"}, {"/etc/d/x", "X"}});
  street.sync();
  CHECK(street.done.empty());
}

namespace {

/// One of many small histories of a device: commits that move files about, with refusals and failures.
class History {
 public:
  History(unsigned seed, bool with_directories, bool furnished)
      : random_(seed), with_directories_(with_directories) {
    if (furnished) furnish();
  }

  void run() {
    const int count = pick(3, 6);
    for (int number = 0; number < count; ++number) {
      const bool directory = with_directories_ && number < 2;
      objects_.push_back((directory ? "Directory/" : "File/") + std::string(1, char('a' + number)));
    }
    for (int number = 0; number < 4; ++number) {
      declare(number);
      const int passes = pick(1, 2);
      for (int i = 0; i < passes; ++i) pass();
    }
    converge();
    if (!device_.empty()) end_it();
  }

 private:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  static bool is_directory(const std::string& object) { return object.starts_with("Directory/"); }

  /// What the device has of its own.
  void furnish() {
    static const Files flat{{"/etc/1", "own 1"}, {"/etc/2", "own 2"}, {"/etc/4", "own 4"}};
    for (const auto& [path, content] : flat) {
      if (chance(30)) continue;
      street_.root().write(path.substr(1), content);
      device_[path] = content;
      story_ += "device " + path + "\n";
    }
  }

  template <typename Choice>
  const auto& one_of(const Choice& choice) {
    return choice[std::size_t(pick(0, int(choice.size()) - 1))];
  }

  std::string some_path(const std::string& object) {
    static const std::vector<std::string> around{"/etc/1",   "/etc/d",   "/etc/d/x",  "/etc/d/z",
                                                 "/etc/e/y", "/etc/d/s", "/etc/d/s/z"};
    static const std::vector<std::string> directories{"/etc/d", "/etc/d", "/etc/e", "/etc/d/s", "/etc/d/s/t"};
    if (is_directory(object)) return one_of(directories);
    if (with_directories_) return one_of(around);
    return "/etc/" + std::to_string(pick(1, 5));
  }

  void declare_one(const std::string& object, const std::string& path, const std::string& content,
                   const std::string& metadata, const std::string& source) {
    const auto name = object.substr(object.find('/') + 1);
    wanted_.insert(object);
    story_ += object + " " + path + " " + (is_directory(object) ? source : content) + metadata + "\n";
    if (!is_directory(object)) {
      declared_[object] = {{path, content}};
      street_.file(name, path, content, metadata);
      return;
    }
    declared_[object].clear();
    for (const auto& [item, bytes] : sources()) {
      const auto slash = item.find('/');
      if (source.starts_with(item.substr(0, slash))) declared_[object][path + item.substr(slash)] = bytes;
    }
    const std::string mode = chance(50) ? "0700" : "0755";
    modes_[object] = {path, mode == "0700" ? 0700u : 0755u};
    story_ += "  mode " + mode + "\n";
    street_.directory(name, path, (source.empty() ? "" : ", source: " + source) + ", mode: \"" + mode + "\"");
  }

  std::string some_metadata() {
    std::string metadata;
    if (chance(6)) metadata = ", annotations: {greenwave.dev/prune: disabled}";
    if (chance(6)) metadata = ", annotations: {greenwave.dev/depends-on: File/nowhere}";
    if (chance(10)) {
      metadata = ", annotations: {greenwave.dev/depends-on: " + one_of(objects_) + "}";
    }
    return metadata;
  }

  std::string some_source() {
    static const std::vector<std::string> all{
        "", "one", "two", "two, purge: true", "three", "three, purge: true"};
    return one_of(all);
  }

  void declare(int number) {
    street_.commit();
    wanted_.clear();
    story_ += "commit\n";
    street_.mischief = {};
    street_.may_prune = !chance(8);
    street_.closed = chance(20);
    for (const auto& object : objects_) {
      if (chance(10)) street_.mischief.disruptive.insert(object);
      if (chance(10)) street_.mischief.failing.insert(object);
      if (!chance(75)) continue;
      const bool is_refused = chance(10);
      if (is_refused) street_.refused.push_back(id(object));
      if (is_refused) story_ += "refused ";
      wanted_.insert(object);
      const bool is_readable = !is_refused || chance(50);
      const auto content = object.substr(object.find('/')) + (chance(30) ? "" : std::to_string(number));
      if (is_readable) declare_one(object, some_path(object), content, some_metadata(), some_source());
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
      loose_.erase(object);
      if (verb == "remove" || verb == "release") {
        rightful_.erase(object);
      } else {
        rightful_[object] = declared_.at(object);
        take_over(object);
      }
    }
    for (const auto& [object, why] : street_.not_done) {
      story_ += "  not " + object + ": " + why + "\n";
      // One name's failure does not stop the others.
      if (is_directory(object)) loose_[object].insert(declared_[object].begin(), declared_[object].end());
    }
    for (const auto& problem : street_.problems) story_ += "  " + problem + "\n";
  }

  /// What is no longer declared loses a file to whoever writes it, and the rest when it is removed.
  void take_over(const std::string& object) {
    for (auto& [other, files] : rightful_) {
      if (other == object || wanted_.contains(other)) continue;
      std::erase_if(files, [&](const auto& file) { return rightful_[object].contains(file.first); });
    }
  }

  /// The device holds what each object was last given, and nothing else but what is its own.
  void check() {
    auto expected = device_;
    auto found = street_.files();
    Files owned;
    std::size_t count = 0;
    for (const auto& [object, files] : rightful_) {
      count += files.size();
      owned.insert(files.begin(), files.end());
    }
    for (const auto& [path, content] : owned) expected[path] = content;
    INFO(story_);
    REQUIRE(owned.size() == count);
    for (const auto& [object, files] : loose_) {
      for (const auto& [path, content] : files) {
        if (const auto one = found.find(path); one != found.end() && one->second == content) {
          expected[path] = content;
        }
      }
      for (const auto& [path, content] : rightful_[object]) {
        if (!found.contains(path)) expected.erase(path);
      }
    }
    CHECK(in_words(found) == in_words(expected));
    REQUIRE(found == expected);
  }

  static std::string in_words(const Files& files) {
    std::string words;
    for (const auto& [path, content] : files) words += path + "=" + content + " ";
    return words;
  }

  /// The refusals are gone: the end is what is declared, however the objects have to get there.
  void converge() {
    street_.mischief = {};
    street_.closed = false;
    street_.may_prune = true;
    std::vector<int> places{1, 2, 3, 4, 5, 6, 7};
    std::shuffle(places.begin(), places.end(), random_);
    const bool nested = chance(50);
    const auto end = [&](const std::string& where) {
      street_.commit();
      wanted_.clear();
      story_ += "the end\n";
      auto files = device_;
      for (std::size_t i = 0; i < objects_.size(); ++i) {
        const auto& object = objects_[i];
        const auto* below = i == 0 ? "d" : nested ? "d/s" : "e";
        const auto path = is_directory(object) ? where + below : where + std::to_string(places[i]);
        declare_one(object, path, "end", "", i == 0 ? "three" : "two");
        for (const auto& [file, content] : declared_[object]) files[file] = content;
      }
      pass();
      return files;
    };
    auto files = end("/etc/");
    if (!street_.problems.empty() || street_.files() != files) {
      // They swap, or one goes below another's old place: a commit between sets them aside.
      end("/etc/aside");
      files = end("/etc/");
    }
    INFO(story_);
    REQUIRE(in_words(street_.files()) == in_words(files));
    check_modes();
    street_.sync();
    REQUIRE(joined(street_.done).empty());
    REQUIRE(street_.not_done.empty());
    check_modes();
  }

  void check_modes() {
    for (const auto& [object, declared] : modes_) {
      const auto& [path, mode] = declared;
      REQUIRE(street_.root().mode(path.substr(1)) == mode);
      const auto inner = path + "/s";
      const bool is_others =
          std::ranges::any_of(modes_, [&](const auto& other) { return other.second.first == inner; });
      const bool has_inner = std::ranges::any_of(
          declared_[object], [&](const auto& file) { return file.first.starts_with(inner + "/"); });
      if (has_inner && !is_others) REQUIRE(street_.root().mode(inner.substr(1)) == mode);
    }
  }

  /// When nothing is declared any more, the device is as it was before.
  void end_it() {
    street_.commit().sync();
    INFO(story_);
    REQUIRE(street_.not_done.empty());
    REQUIRE(in_words(street_.files()) == in_words(device_));
    REQUIRE(street_.inventory().empty());
    const auto kept = street_.root() / "var/lib/greenwave/kept";
    REQUIRE((!std::filesystem::exists(kept) || std::filesystem::is_empty(kept)));
  }

  static const Files& sources() {
    static const Files files{
        {"one/x", "one"}, {"two/x", "two"}, {"two/y", "two"}, {"three/x", "three"}, {"three/s/z", "three"}};
    return files;
  }

  std::mt19937 random_;
  bool with_directories_;
  Street street_{sources()};
  Files device_;  ///< what it has of its own
  std::vector<std::string> objects_;
  std::map<std::string, Files> declared_;
  std::map<std::string, std::pair<std::string, mode_t>> modes_;  ///< of Directories: path and mode
  std::set<std::string> wanted_;                                 ///< declared, though perhaps not readable
  std::map<std::string, Files> rightful_;
  std::map<std::string, Files> loose_;  ///< what a Directory that failed may have made or not
  std::string story_;
};

void run_histories(bool with_directories, bool furnished, unsigned seeds) {
  const Git git;
  const InMemory in_memory;
  const auto first = first_seed();
  for (unsigned seed = first; seed < first + seed_count(seeds); ++seed) {
    INFO("seed " << seed);
    History(seed, with_directories, furnished).run();
  }
}

}  // namespace

TEST_CASE("places: whatever is refused, fails or waits, each path holds what its owner last declared") {
  run_histories(false, false, 600);
}

TEST_CASE("places: the same with directories, whose files become others' and back") {
  run_histories(true, false, 600);
}

TEST_CASE("places: where the device has files of its own, each is there when none of ours is in its place") {
  run_histories(false, true, 300);
}
