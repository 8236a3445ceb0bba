#include <chrono>
#include <filesystem>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "drivers/host/file_record.h"
#include "drivers/host/file_spec.h"
#include "drivers/host/replacement.h"
#include "unit/drivers/file_work.h"

using namespace greenwave;
using namespace greenwave::drivers::host;
using greenwave::test::FileWork;
using Kind = plan::Difference::Kind;
using Catch::Contains;
namespace fs = std::filesystem;

TEST_CASE("file: each form of content arrives") {
  FileWork work(std::map<std::string, std::string>{{"files/motd", "from the repository\n"}});
  CHECK(work.apply("File", "a", "path: /etc/a\ncontent: |\n  hello\n") == "");
  CHECK(work.apply("File", "b", "path: /opt/new/b\nsource: files/motd\nmode: \"0600\"") == "");
  CHECK(work.apply("File", "c", "path: /etc/c\njson: {z: 1, a: [true, null]}") == "");
  CHECK(work.apply("File", "d", "path: /etc/d\nyaml: {z: 1, a: [true]}") == "");
  CHECK(work.apply("File", "e", "path: /etc/e\ncontent: ''") == "");
  CHECK(work.root.read("etc/a") == "hello\n");
  CHECK(work.root.mode("etc/a") == 0644);
  CHECK(work.root.read("opt/new/b") == "from the repository\n");
  CHECK(work.root.mode("opt/new/b") == 0600);
  CHECK(work.root.read("etc/c") == "{\n  \"z\": 1,\n  \"a\": [\n    true,\n    null\n  ]\n}\n");
  CHECK_THAT(work.root.read("etc/d"), Contains("z: 1\n"));
  CHECK(work.root.about("etc/e").st_size == 0);
  for (const auto* name : {"a", "b", "c", "d", "e"}) CHECK_FALSE(work.drift(name));
}

TEST_CASE("file: a difference is a unified diff, and says what was there") {
  FileWork work;
  const auto first = work.desired("File", "a", "path: /etc/a\ncontent: \"one\\ntwo\\n\"");
  auto difference = work.compare(first);
  CHECK(difference.kind == Kind::create);
  CHECK(difference.diff == "--- a/etc/a\n+++ b/etc/a\n@@ -0,0 +1,2 @@\n+one\n+two\n");
  work.apply(first);
  CHECK(work.compare(first).kind == Kind::none);

  difference =
      work.compare(work.desired("File", "a", "path: /etc/a\ncontent: \"one\\n2\\n\"\nmode: \"0640\""));
  CHECK(difference.kind == Kind::change);
  CHECK_THAT(difference.diff,
             Contains("/etc/a: mode 0644 instead of 0640\n") && Contains("not everybody") && !Contains("+2"));
  CHECK_THAT(difference.was, Contains("mode 0644") && Contains("one\ntwo\n"));

  work.root.write("etc/a", std::string("\0binary", 7));
  difference = work.compare(first);
  CHECK_THAT(difference.diff, Contains("binary, 7 B -> 8 B"));
  CHECK_THAT(difference.was, Contains("sha256 ") && !Contains(std::string("\0", 1)));
}

TEST_CASE("file: a sensitive file shows only that it changed") {
  FileWork work;
  const std::string spec = "path: /etc/key\nmode: \"0600\"\nsensitive: true\ncontent: ";
  const auto first = work.desired("File", "key", spec + "hunter2");
  auto difference = work.compare(first);
  CHECK(difference.diff == "/etc/key: changed (sensitive)\n");
  work.apply(first);
  difference = work.compare(work.desired("File", "key", spec + "hunter3"));
  CHECK(difference.diff == "/etc/key: changed (sensitive)\n");
  CHECK_THAT(difference.was + difference.record, !Contains("hunter") && !Contains("sha256"));
  CHECK_THAT(work.inventory["key"].record, !Contains("hunter"));
}

TEST_CASE("file: what was encrypted is for its owner alone, unless the manifest says otherwise") {
  FileWork work;
  auto secret = work.manifest("File", "key", "path: /etc/key\ncontent: hunter2");
  secret.sensitive = true;
  Problems problems;
  const auto spec_of = [&](const Manifest& manifest) {
    return read_file_spec(work.root.host(), manifest, problems);
  };
  CHECK(spec_of(secret).mode == 0600);
  CHECK(spec_of(secret).sensitive);
  secret = work.manifest("File", "key", "path: /etc/key\ncontent: hunter2\nmode: \"0640\"\nsensitive: false");
  secret.sensitive = true;
  CHECK(spec_of(secret).mode == 0640);
  CHECK(spec_of(secret).sensitive);
  CHECK(problems.empty());
}

TEST_CASE("file: what was a secret is not shown once the manifest is no longer sensitive") {
  FileWork work;
  work.apply(work.desired("File", "key", "path: /etc/key\nsensitive: true\ncontent: hunter2"));
  const auto difference = work.compare(work.desired("File", "key", "path: /etc/key\ncontent: plain"));
  CHECK(difference.kind == plan::Difference::Kind::change);
  CHECK_THAT(difference.diff + difference.was, !Contains("hunter"));
}

TEST_CASE("file: an encrypted source is opened by the tree, and another that looks so is refused") {
  FileWork work({{"a.age", "opened elsewhere"}, {"b.key", "age-encryption.org/v1\n-> x\n\n--- "}});
  auto manifest = work.manifest("File", "a", "path: /etc/a\nsource: a.age");
  Problems problems;
  manifest.source->encrypted = true;
  const auto spec = read_file_spec(work.root.host(), manifest, problems);
  CHECK_THROWS_WITH(content_of(spec, manifest, work.tree), Contains("no identity to decrypt it"));
  const auto other = work.manifest("File", "b", "path: /etc/b\nsource: b.key");
  CHECK_THROWS_WITH(content_of(read_file_spec(work.root.host(), other, problems), other, work.tree),
                    Contains("let its name end in .age"));
}

TEST_CASE("file: what not everybody may read is not shown, though the manifest does not say sensitive") {
  FileWork work;
  work.root.write("etc/key", "hunter2\n");
  fs::permissions(work.root / "etc/key", fs::perms(0640));
  const auto difference = work.compare(work.desired("File", "key", "path: /etc/key\ncontent: x"));
  CHECK_THAT(difference.diff, Contains("content changed") && !Contains("hunter"));
  CHECK_THAT(difference.was, !Contains("hunter") && !Contains("sha256"));
}

TEST_CASE("file: drift is found, and repaired as one file") {
  FileWork work;
  const auto file = work.desired("File", "a", "path: /etc/a\ncontent: hello");
  work.apply(file);
  work.root.write("etc/a", "HELLO");
  CHECK(work.drift("a") == "content changed");
  CHECK(work.apply(file) == "");
  CHECK(work.root.read("etc/a") == "hello");
  CHECK_FALSE(work.drift("a"));
  fs::permissions(work.root / "etc/a", fs::perms(0777));
  CHECK_THAT(*work.drift("a"), Contains("mode 0777"));
  CHECK(work.apply(file) == "");
  CHECK(work.root.mode("etc/a") == 0644);
  fs::remove(work.root / "etc/a");
  CHECK(work.drift("a") == "missing");
  CHECK(work.apply(file) == "");
  CHECK_FALSE(work.drift("a"));
}

TEST_CASE("file: one that its user made 8 TiB long is replaced, as is one that was there before") {
  constexpr auto huge = std::uintmax_t{8} << 40;
  FileWork work;
  work.root.write("etc/adopted", "");
  fs::resize_file(work.root / "etc/adopted", huge);
  for (const std::string name : {"adopted", "made"}) {
    const auto file = work.desired("File", name, "path: /etc/" + name + "\ncontent: hello");
    CHECK(work.apply(file) == "");
    CHECK(work.root.read("etc/" + name) == "hello");
    fs::resize_file(work.root / ("etc/" + name), huge);
    CHECK(work.drift(name) == "content changed");
    CHECK_THAT(work.compare(file).diff, Contains("content changed, 8.0 TiB -> 5 B"));
    CHECK(work.apply(file) == "");
    CHECK(work.root.read("etc/" + name) == "hello");
  }
}

TEST_CASE("file: adopting writes only what differs, and removing gives back what was there") {
  FileWork work;
  work.root.write("etc/same", "x");
  work.root.write("etc/other", "theirs\n");
  const auto inode = work.root.about("etc/same").st_ino;
  const auto same = work.desired("File", "same", "path: /etc/same\ncontent: x");
  const auto other = work.desired("File", "other", "path: /etc/other\ncontent: ours");
  CHECK(work.step(same).verb == plan::Verb::adopt);
  CHECK_THAT(work.compare(other).was, Contains("theirs"));
  CHECK(work.apply(same) == "");
  CHECK(work.apply(other) == "");
  CHECK(work.root.about("etc/same").st_ino == inode);
  CHECK(work.root.read("etc/other") == "ours");
  CHECK(record_from_json(work.inventory["other"].record).adopted);
  CHECK(work.remove("same") == "");
  CHECK(work.remove("other") == "");
  CHECK(work.root.about("etc/same").st_ino == inode);
  CHECK(work.root.read("etc/other") == "theirs\n");
}

TEST_CASE("file: an adoption that is only intended is not removed, a creation is") {
  FileWork work;
  work.root.write("etc/theirs", "theirs");
  for (const auto* name : {"theirs", "ours"}) {
    const auto file = work.desired("File", name, std::string("path: /etc/") + name + "\ncontent: x");
    auto& entry = work.inventory[name];
    entry.record = test::difference_of(work.driver, file, nullptr, work.tree).record;
    entry.id = file.manifest.id;
    entry.intended = true;
  }
  work.root.write("etc/ours", "x");
  work.root.write("etc/" + name_beside("ours"), "half");
  CHECK(work.remove("theirs") == "");
  CHECK(work.remove("ours") == "");
  CHECK(work.root.read("etc/theirs") == "theirs");
  CHECK_FALSE(work.root.has("etc/ours"));
  CHECK_FALSE(work.root.has("etc/" + name_beside("ours")));
}

TEST_CASE("file: a creation that failed leaves what comes there later alone") {
  FileWork work;
  const test::Mounted disk(work.root / "opt", 0, "size=64k");
  if (!disk) return;
  const auto file = work.desired("File", "a", "path: /opt/a\ncontent: " + std::string(200'000, 'x'));
  CHECK_THAT(work.apply(file), Contains("No space left") && Contains("free some space"));
  CHECK(fs::is_empty(work.root / "opt"));
  work.root.write("opt/a", "theirs");
  CHECK(work.remove("a") == "");
  CHECK(work.root.read("opt/a") == "theirs");
}

TEST_CASE("file: a link in its place is replaced, and reported") {
  FileWork work;
  work.root.write("etc/real", "real");
  fs::create_symlink("real", work.root / "etc/a");
  const auto file = work.desired("File", "a", "path: /etc/a\ncontent: x");
  const auto difference = work.compare(file);
  CHECK(difference.kind == Kind::change);
  CHECK(difference.was == "a link to real");
  CHECK(work.apply(file) == "");
  CHECK(work.root.read("etc/real") == "real");
  CHECK(fs::is_regular_file(fs::symlink_status(work.root / "etc/a")));
}

TEST_CASE("file: a directory or a pipe in its place is an error of that object alone") {
  FileWork work;
  fs::create_directories(work.root / "etc/a");
  REQUIRE(::mkfifo((work.root / "etc/p").c_str(), 0600) == 0);
  const auto file = work.desired("File", "a", "path: /etc/a\ncontent: x");
  CHECK_THROWS_WITH(work.compare(file), Contains("/etc/a is a directory") && Contains("remove"));
  CHECK_THROWS_WITH(work.compare(work.desired("File", "p", "path: /etc/p\ncontent: x")),
                    Contains("special file"));
  plan::Step bad;
  bad.id = file.manifest.id;
  bad.desired = &file;
  bad.difference.kind = Kind::create;
  const auto good = work.desired("File", "b", "path: /etc/b\ncontent: x");
  const auto outcomes = work.run({bad, work.step(good)});
  CHECK_FALSE(outcomes[0].ok);
  CHECK_THAT(outcomes[0].error, Contains("a directory is there"));
  CHECK(outcomes[1].ok);
}

TEST_CASE("file: a missing owner is reported, and other files go on") {
  if (!test::is_root()) return;
  FileWork work;
  work.root.write("etc/passwd", "lights:x:4711:1::/:\n");
  work.root.write("etc/group", "lights:x:4712:\n");
  const auto bad = work.desired("File", "a", "path: /etc/a\ncontent: x\nowner: camera");
  CHECK(work.problems.empty());
  CHECK_THAT(work.compare(bad).missing, Contains("no user camera"));
  CHECK(work.apply("File", "b", "path: /etc/b\ncontent: x\nowner: lights\ngroup: lights") == "");
  CHECK(work.root.about("etc/b").st_uid == 4711);
  CHECK(work.root.about("etc/b").st_gid == 4712);
  REQUIRE(::chown((work.root / "etc/b").c_str(), 0, 4712) == 0);
  CHECK(work.drift("b") == "owner 0 instead of 4711");
}

TEST_CASE("file: a new path moves the file, and a swap of paths loses nothing") {
  FileWork work;
  work.apply("File", "a", "path: /etc/a\ncontent: A");
  work.apply("File", "b", "path: /etc/b\ncontent: B");
  CHECK(work.apply("File", "a", "path: /etc/new\ncontent: A") == "");
  CHECK_FALSE(work.root.has("etc/a"));
  CHECK(work.root.read("etc/new") == "A");
  const auto a = work.desired("File", "a", "path: /etc/b\ncontent: A");
  const auto b = work.desired("File", "b", "path: /etc/new\ncontent: B");
  const auto outcomes = work.run({work.step(a), work.step(b)});
  CHECK(outcomes[0].ok);
  CHECK(outcomes[1].ok);
  CHECK(work.root.read("etc/b") == "A");
  CHECK(work.root.read("etc/new") == "B");
  CHECK_FALSE(work.drift("a"));
  CHECK_FALSE(work.drift("b"));
}

TEST_CASE("file: pruning leaves a directory that took the file's place") {
  FileWork work;
  work.apply("File", "a", "path: /etc/a\ncontent: A");
  fs::remove(work.root / "etc/a");
  fs::create_directories(work.root / "etc/a/theirs");
  CHECK(work.remove("a") == "");
  CHECK_THAT(work.note, Contains("kept /etc/a"));
  CHECK(work.root.has("etc/a/theirs"));
}

TEST_CASE("file: a file over the limit is refused") {
  FileWork work(std::map<std::string, std::string>{{"big", std::string((64 << 20) + 1, 'x')}});
  const auto big = work.desired("File", "big", "path: /etc/big\nsource: big");
  CHECK_THROWS_WITH(work.compare(big), Contains("large"));
  CHECK_FALSE(work.root.has("etc/big"));
}

TEST_CASE("file: --force reads content even where lstat is the same") {
  FileWork work;
  const auto file = work.desired("File", "a", "path: /etc/a\ncontent: hello");
  work.apply(file);
  // As a flipped bit on the disk would look: the content is not what the signature says.
  work.inventory["a"].files.front().content = sha256("HELLO");
  CHECK_FALSE(work.drift("a"));
  CHECK(work.drift("a", true) == "content changed");
  CHECK(work.compare(file).kind == Kind::none);
}

TEST_CASE("file: 5000 files are made, and a second pass opens none of them") {
  FileWork work;
  const test::Mounted disk(work.root / "etc/many", 0, "size=64m");  // faster to clean up than a disk
  std::vector<plan::Desired> files;
  for (int i = 0; i < 5000; ++i) {
    const auto name = "f" + std::to_string(i);
    files.push_back(work.desired("File", name,
                                 "path: /etc/many/" + name + "\ncontent: " + std::string(1000, 'x') + name));
  }
  REQUIRE(work.problems.empty());
  std::vector<plan::Step> steps;
  for (const auto& file : files) steps.push_back(work.step(file));
  const auto begin = std::clock();
  for (const auto& outcome : work.run(steps)) REQUIRE(outcome.ok);
  const auto applied = std::clock();
  CHECK(std::distance(fs::directory_iterator(work.root / "etc/many"), fs::directory_iterator()) == 5000);

  const Fd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  REQUIRE(::inotify_add_watch(watch.get(), (work.root / "etc/many").c_str(), IN_OPEN | IN_ACCESS) >= 0);
  const auto start = std::clock();
  std::size_t unchanged = 0;
  for (const auto& [name, entry] : work.inventory) {
    const auto drift = test::drift_of(work.driver, entry);
    if (!drift.how && !drift.refreshed) ++unchanged;
  }
  const auto checked = std::clock();
  CHECK(unchanged == 5000);
  char events[4096];
  CHECK(::read(watch.get(), events, sizeof events) < 0);
  INFO("apply " << 1000.0 * double(applied - begin) / CLOCKS_PER_SEC << " ms, drift "
                << 1000.0 * double(checked - start) / CLOCKS_PER_SEC << " ms of processor time");
  CHECK(double(applied - begin) / CLOCKS_PER_SEC < 5);
  CHECK(double(checked - start) / CLOCKS_PER_SEC < 1);
}
