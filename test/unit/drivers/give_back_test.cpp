#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "drivers/host/kept.h"
#include "drivers/host/removal.h"
#include "plan/plan.h"
#include "support/seeds.h"
#include "unit/drivers/file_work.h"

using namespace greenwave;
using namespace greenwave::drivers::host;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using test::FileWork;

namespace {

constexpr const char* kept_directory = "var/lib/greenwave/kept";

/// All that lstat, listxattr and read say of what is below etc and opt: what a device is.
std::map<std::string, std::string> picture(const test::TemporaryRoot& root) {
  std::map<std::string, std::string> seen;
  for (const auto* top : {"etc", "opt"}) {
    if (!root.has(top)) continue;
    for (const auto& item : fs::recursive_directory_iterator(root / top)) {
      const auto path = item.path().lexically_relative(root.path()).native();
      const auto about = root.about(path);
      auto text = fmt::format("{:o} {}:{} ", about.st_mode, about.st_uid, about.st_gid);
      if (S_ISREG(about.st_mode)) {
        text += fmt::format("{} {}.{} {}", about.st_nlink, about.st_mtim.tv_sec, about.st_mtim.tv_nsec,
                            root.read(path));
      }
      if (S_ISLNK(about.st_mode)) text += fs::read_symlink(item.path()).native();
      char value[64];
      const auto size = ::lgetxattr(item.path().c_str(), "user.origin", value, sizeof value);
      if (size > 0) text += " origin " + std::string(value, static_cast<std::size_t>(size));
      seen[path] = std::move(text);
    }
  }
  return seen;
}

std::string in_words(const std::map<std::string, std::string>& picture) {
  std::string words;
  for (const auto& [path, what] : picture) words += path + " " + what + "\n";
  return words;
}

std::size_t kept_count(const test::TemporaryRoot& root) {
  if (!root.has(kept_directory)) return 0;
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(root / kept_directory), fs::directory_iterator()));
}

plan::Desired annotated(FileWork& work, const std::string& spec, const std::string& word) {
  auto object = work.desired("File", "a", spec);
  yaml::Node annotations{yaml::Node::Map{}, object.manifest.place()};
  yaml::set(annotations, "greenwave.dev/on-removal", yaml::Node{word, object.manifest.place()});
  yaml::Node metadata{yaml::Node::Map{}, object.manifest.place()};
  yaml::set(metadata, "name", yaml::Node{std::string("a"), object.manifest.place()});
  yaml::set(metadata, "annotations", std::move(annotations));
  yaml::set(object.manifest.document, "metadata", std::move(metadata));
  seal(object.manifest, "");
  return object;
}

}  // namespace

TEST_CASE("give back: a file of the device's comes back with its inode, mode, times and attributes") {
  FileWork work;
  work.root.write("etc/resolv.conf", "nameserver 10.0.0.1\n");
  fs::permissions(work.root / "etc/resolv.conf", fs::perms(0640));
  ::setxattr((work.root / "etc/resolv.conf").c_str(), "user.origin", "dhcp", 4, 0);
  const auto before = picture(work.root);
  const auto inode = work.root.about("etc/resolv.conf").st_ino;
  for (const auto* content : {"one", "two", "three"}) {
    CHECK(work.apply("File", "a", std::string("path: /etc/resolv.conf\ncontent: ") + content) == "");
  }
  CHECK(work.root.read("etc/resolv.conf") == "three");
  CHECK(work.root.mode(kept_directory) == 0700);
  CHECK(kept_count(work.root) == 1);
  CHECK(work.remove("a") == "");
  CHECK(picture(work.root) == before);
  CHECK(work.root.about("etc/resolv.conf").st_ino == inode);
  CHECK(kept_count(work.root) == 0);
}

TEST_CASE("give back: a link comes back as a link, and what it points to is left alone") {
  FileWork work;
  work.root.write("etc/stub.conf", "stub");
  fs::create_symlink("stub.conf", work.root / "etc/resolv.conf");
  const auto before = picture(work.root);
  CHECK(work.apply("File", "a", "path: /etc/resolv.conf\ncontent: ours") == "");
  CHECK(work.root.read("etc/stub.conf") == "stub");
  CHECK(work.remove("a") == "");
  CHECK(picture(work.root) == before);
}

TEST_CASE(
    "give back: what already was as wanted stays, also after an edit was repaired and after an update") {
  FileWork work;
  work.root.write("etc/a", "same");
  const auto content = [&] { return work.root.read("etc/a"); };
  const std::string spec = "path: /etc/a\ncontent: same";
  CHECK(work.apply("File", "a", spec) == "");
  CHECK(kept_count(work.root) == 0);
  work.root.write("etc/a", "edited");
  CHECK(work.apply("File", "a", spec) == "");
  CHECK(content() == "same");
  SECTION("removed then") {}
  SECTION("updated") {
    CHECK(work.apply("File", "a", "path: /etc/a\ncontent: other") == "");
  }
  CHECK(work.remove("a") == "");
  CHECK(content() == "same");
}

TEST_CASE("give back: an edit of a file of ours is not taken for the device's") {
  FileWork work;
  work.apply("File", "a", "path: /etc/a\ncontent: ours");
  work.root.write("etc/a", "edited");
  CHECK(work.apply("File", "a", "path: /etc/a\ncontent: ours") == "");
  CHECK(work.remove("a") == "");
  CHECK_FALSE(work.root.has("etc/a"));
  CHECK(kept_count(work.root) == 0);
}

TEST_CASE(
    "give back: an edit of what already was as wanted is not the device's, also when its repair was cut "
    "short") {
  FileWork work;
  work.root.write("etc/a", "same");
  const auto object = work.desired("File", "a", "path: /etc/a\ncontent: same");
  CHECK(work.apply(object) == "");
  work.root.write("etc/a", "edited");
  work.cut_short(object);
  CHECK(work.apply(object) == "");
  CHECK(work.remove("a") == "");
  CHECK(work.root.read("etc/a") == "same");
  CHECK(kept_count(work.root) == 0);
}

TEST_CASE(
    "give back: what already was as wanted, was deleted by somebody and made again is ours, also under "
    "another "
    "name and when that was cut short") {
  FileWork work;
  work.root.write("etc/a", "same");
  const std::string spec = "path: /etc/a\ncontent: same";
  CHECK(work.apply("File", "a", spec) == "");
  fs::remove(work.root / "etc/a");
  const std::string name = GENERATE("a", "b");
  const auto object = work.desired("File", name, spec);
  const auto cuts = GENERATE(0, 1, 2);
  for (int cut = 0; cut < cuts; ++cut) work.cut_short(object);
  CHECK(work.apply(object) == "");
  if (name == "b") work.inventory.erase("a");  // released
  CHECK(work.remove(name) == "");
  CHECK_FALSE(work.root.has("etc/a"));
  CHECK(kept_count(work.root) == 0);
}

TEST_CASE("give back: a file that moves gives back at its old path, and again at its new one") {
  FileWork work;
  work.root.write("etc/a", "first");
  work.root.write("etc/b", "second");
  const auto before = picture(work.root);
  work.apply("File", "a", "path: /etc/a\ncontent: ours");
  CHECK(work.apply("File", "a", "path: /etc/b\ncontent: ours") == "");
  CHECK(work.root.read("etc/a") == "first");
  CHECK(work.root.read("etc/b") == "ours");
  CHECK(work.remove("a") == "");
  CHECK(picture(work.root) == before);
}

TEST_CASE("give back: another object that takes the path over gives back what the first one found") {
  FileWork work;
  work.root.write("etc/a", "the device's");
  const auto before = picture(work.root);
  work.apply("File", "a", "path: /etc/a\ncontent: ours");
  CHECK(work.apply("File", "b", "path: /etc/a\ncontent: theirs") == "");
  work.inventory.erase("a");  // released
  CHECK(work.remove("b") == "");
  CHECK(picture(work.root) == before);
}

TEST_CASE("give back: on-removal says delete or give-back") {
  FileWork work;
  work.root.write("etc/a", "the device's");
  const std::string spec = "path: /etc/a\ncontent: ours";
  SECTION("delete from the beginning keeps nothing") {
    const auto object = annotated(work, spec, "delete");
    CHECK(work.apply(object) == "");
    CHECK(kept_count(work.root) == 0);
  }
  SECTION("delete later drops what was kept") {
    CHECK(work.apply("File", "a", spec) == "");
    CHECK(kept_count(work.root) == 1);
    const auto object = annotated(work, spec, "delete");
    CHECK(work.apply(object) == "");
  }
  CHECK(work.remove("a") == "");
  CHECK_FALSE(work.root.has("etc/a"));
  CHECK(kept_count(work.root) == 0);
}

TEST_CASE("give back: what was set aside goes with an object that says delete, and not before") {
  FileWork work;
  work.root.write("etc/a", "the device's");
  const auto before = picture(work.root);
  const std::string spec = "path: /etc/a\ncontent: ours";
  for (const auto* word : {"give-back", "delete", "give-back"}) {
    const auto object = annotated(work, spec, word);
    CHECK(work.apply(object) == "");
    CHECK(kept_count(work.root) == 1);
  }
  CHECK(work.remove("a") == "");
  CHECK(picture(work.root) == before);
}

TEST_CASE("give back: the entries of older versions have nothing kept, and are removed as before") {
  FileWork work;
  work.apply("File", "a", "path: /etc/a\ncontent: ours");
  work.inventory["a"].record = R"({"path":"/etc/a","mode":420,"uid":0,"gid":0,"adopted":true})";
  CHECK(work.apply("File", "a", "path: /etc/a\ncontent: newer") == "");
  CHECK(work.remove("a") == "");
  CHECK_FALSE(work.root.has("etc/a"));
}

TEST_CASE("give back: a purged tree comes back, with its modes, owners, links and odd names") {
  FileWork work(std::map<std::string, std::string>{{"conf/mine", "mine"}, {"conf/10-base", "ours"}});
  work.root.write("etc/conf.d/10-base", "the device's base");
  work.root.write("etc/conf.d/20-local", "local");
  work.root.write("etc/conf.d/sub/deep/x", "deep");
  work.root.write("etc/conf.d/odd \xff%\nname", "odd");
  fs::create_symlink("/nowhere", work.root / "etc/conf.d/dangling");
  fs::permissions(work.root / "etc/conf.d/sub", fs::perms(0700));
  fs::permissions(work.root / "etc/conf.d", fs::perms(0750));
  const auto before = picture(work.root);
  CHECK(work.apply("Directory", "d", "path: /etc/conf.d\nsource: conf\npurge: true") == "");
  CHECK_FALSE(work.root.has("etc/conf.d/20-local"));
  CHECK_FALSE(work.root.has("etc/conf.d/sub"));
  CHECK_FALSE(work.drift("d"));
  SECTION("when the object goes") {
    CHECK(work.remove("d") == "");
  }
  SECTION("when purge is taken out, and then the object goes") {
    CHECK(work.apply("Directory", "d", "path: /etc/conf.d\nsource: conf") == "");
    CHECK(work.root.read("etc/conf.d/20-local") == "local");
    CHECK(work.root.read("etc/conf.d/sub/deep/x") == "deep");
    CHECK(work.root.read("etc/conf.d/mine") == "mine");
    CHECK(work.remove("d") == "");
  }
  SECTION("when the object goes after it was emptied and moved") {
    work.tree = test::MemoryTree(std::map<std::string, std::string>{{"conf/sub", "a file now"}});
    CHECK(work.apply("Directory", "d", "path: /etc/conf.d\nsource: conf\npurge: true") == "");
    CHECK(work.root.read("etc/conf.d/sub") == "a file now");
    CHECK(work.apply("Directory", "d", "path: /opt/moved\nsource: conf\npurge: true") == "");
    CHECK(picture(work.root).contains("opt/moved/sub"));
    CHECK(work.remove("d") == "");
    fs::remove(work.root / "opt");
  }
  CHECK(work.note.empty());
  CHECK(picture(work.root) == before);
  CHECK(kept_count(work.root) == 0);
}

TEST_CASE("give back: what came to a purged name since stays, and what was kept is reported") {
  FileWork work(std::map<std::string, std::string>{{"conf/mine", "mine"}});
  work.root.write("etc/conf.d/local", "old");
  CHECK(work.apply("Directory", "d", "path: /etc/conf.d\nsource: conf\npurge: true") == "");
  work.root.write("etc/conf.d/local", "new");
  CHECK(work.remove("d") == "");
  CHECK(work.root.read("etc/conf.d/local") == "new");
  CHECK_THAT(work.note, Contains("/etc/conf.d/local is in use") && Contains("local-"));
  CHECK(kept_count(work.root) == 1);
}

TEST_CASE("give back: what people put into a purged directory later is drift, and is not kept") {
  FileWork work(std::map<std::string, std::string>{{"conf/mine", "mine"}});
  const std::string spec = "path: /etc/conf.d\nsource: conf\npurge: true";
  CHECK(work.apply("Directory", "d", spec) == "");
  work.root.write("etc/conf.d/later", "later");
  CHECK(work.apply("Directory", "d", spec) == "");
  CHECK_FALSE(work.root.has("etc/conf.d/later"));
  CHECK(kept_count(work.root) == 0);
  CHECK(work.remove("d") == "");
  CHECK_FALSE(work.root.has("etc/conf.d"));
}

TEST_CASE(
    "give back: what people put into a purged directory is drift, also when its repair or its update was cut "
    "short") {
  FileWork work(std::map<std::string, std::string>{{"conf/mine", "mine"}});
  work.root.write("etc/conf.d/local", "the device's");
  const auto before = picture(work.root);
  const std::string spec = "path: /etc/conf.d\nsource: conf\npurge: true";
  CHECK(work.apply("Directory", "d", spec) == "");
  const auto next = work.desired("Directory", "d", spec + GENERATE("", "\nmode: \"0700\""));
  work.root.write("etc/conf.d/later", "later");
  for (int cuts = GENERATE(1, 2); cuts > 0; --cuts) work.cut_short(next);
  CHECK(work.apply(next) == "");
  CHECK_FALSE(work.root.has("etc/conf.d/later"));
  CHECK(kept_count(work.root) == 1);
  CHECK(work.remove("d") == "");
  CHECK(picture(work.root) == before);
}

TEST_CASE("give back: what a directory had before its first purge comes back, also when that was cut short") {
  FileWork work(std::map<std::string, std::string>{{"conf/mine", "mine"}});
  work.root.write("etc/conf.d/local", "the device's");
  const auto before = picture(work.root);
  const std::string spec = "path: /etc/conf.d\nsource: conf";
  if (GENERATE(true, false)) CHECK(work.apply("Directory", "d", spec) == "");
  const auto purging = work.desired("Directory", "d", spec + "\npurge: true");
  work.cut_short(purging);
  work.root.write("etc/conf.d/meanwhile", "the device's too");
  CHECK(work.apply(purging) == "");
  CHECK_FALSE(work.root.has("etc/conf.d/local"));
  CHECK(work.remove("d") == "");
  CHECK(work.root.read("etc/conf.d/meanwhile") == "the device's too");
  fs::remove(work.root / "etc/conf.d/meanwhile");
  CHECK(in_words(picture(work.root)) == in_words(before));
}

TEST_CASE("give back: an empty directory of the device's stays when the object goes, with its mode") {
  FileWork work;
  fs::create_directories(work.root / "etc/d");
  fs::permissions(work.root / "etc/d", fs::perms(01777));
  const auto before = picture(work.root);
  CHECK(work.apply("Directory", "d", "path: /etc/d\nmode: \"0700\"") == "");
  CHECK(work.remove("d") == "");
  CHECK(picture(work.root) == before);
}

TEST_CASE("give back: the directories that were made for a file go with the last file in them") {
  FileWork work;
  const auto before = picture(work.root);
  work.apply("File", "a", "path: /opt/x/y/a\ncontent: A");
  work.apply("File", "b", "path: /opt/x/b\ncontent: B");
  work.root.write("etc/x/mine", "");
  work.apply("File", "c", "path: /etc/x/c\ncontent: C");
  CHECK(work.remove("a") == "");
  CHECK_FALSE(work.root.has("opt/x/y"));
  CHECK(work.root.has("opt/x/b"));
  CHECK(work.apply("File", "b", "path: /opt/z/b\ncontent: B") == "");
  CHECK_FALSE(work.root.has("opt/x"));
  CHECK(work.remove("b") == "");
  CHECK_FALSE(work.root.has("opt/z"));
  CHECK(work.remove("c") == "");
  CHECK(work.root.has("etc/x"));
}

TEST_CASE("give back: a directory that was made for a file does not wait for another that has yet to come") {
  FileWork work;
  const auto before = picture(work.root);
  const auto ours = work.desired("File", "a", "path: /etc/x/y/a\ncontent: A");
  CHECK(work.apply(ours) == "");
  const auto moved = work.desired("File", "a", "path: /etc/z/a\ncontent: A");
  const auto [kind, spec] =
      GENERATE(std::pair("File", "path: /etc/x/y/b\ncontent: B"), std::pair("Directory", "path: /etc/x/y"));
  const auto coming = work.desired(kind, "b", spec);
  work.render = {moved, coming};
  const bool waits = GENERATE(true, false);
  CHECK(work.apply(moved) == "");
  CHECK_FALSE(work.root.has("etc/x"));
  if (!waits) {
    CHECK(work.apply(coming) == "");
    CHECK(work.root.has("etc/x/y"));
    CHECK(work.remove("b") == "");
  }
  CHECK(work.remove("a") == "");
  CHECK(picture(work.root) == before);
}

TEST_CASE("give back: what is on another file system is kept there, or copied where it cannot be") {
  FileWork work(std::map<std::string, std::string>{{"conf/mine", "mine"}});
  test::Mounted disk(work.root / "opt", 0, "size=1m");
  if (!disk) return;
  work.root.write("opt/d/file", "file");
  work.root.write("opt/d/tree/inner", "inner");
  const auto before = picture(work.root);
  SECTION("at its top") {}
  SECTION("in the agent's own place") {
    work.root.write("opt/.greenwave-kept", "in the way");
  }
  CHECK(work.apply("Directory", "d", "path: /opt/d\nsource: conf\npurge: true") == "");
  CHECK_FALSE(work.root.has("opt/d/tree"));
  CHECK(work.remove("d") == "");
  fs::remove_all(work.root / "opt/.greenwave-kept");
  CHECK(picture(work.root) == before);
}

TEST_CASE("give back: a temporary name of the agent's own is refused in a manifest") {
  FileWork work;
  work.desired("File", "a", "path: /etc/.a.greenwave~\ncontent: x");
  CHECK(work.problems.has_errors());
}

TEST_CASE("give back: two files that a link makes one place are both refused") {
  FileWork work;
  fs::create_directories(work.root / "etc/real");
  fs::create_directory_symlink("real", work.root / "etc/alias");
  const auto a = work.desired("File", "a", "path: /etc/real/f\ncontent: A");
  const auto b = work.desired("File", "b", "path: /etc/alias/f\ncontent: B");
  const auto session = work.driver.look({}, {});
  const drivers::Candidate both[] = {{&a, nullptr}, {&b, nullptr}};
  const std::vector<plan::Desired> desired{a, b};
  const auto comparison = session->compare({desired, work.tree}, both);
  CHECK_THROWS_WITH(comparison->difference(both[0]), Contains("/etc/alias/f") && Contains("a link leads"));
  CHECK_THROWS_WITH(comparison->difference(both[1]), Contains("/etc/real/f"));
  CHECK(work.apply(a) == "");
  CHECK_THROWS_WITH(work.compare(b), Contains("/etc/real/f of File/a"));
}

TEST_CASE("give back: an owner whose number changed is drift") {
  if (!test::is_root()) return;
  FileWork work;
  work.root.write("etc/passwd", "lights:x:4711:1::/:\n");
  const std::string spec = "path: /etc/a\ncontent: x\nowner: lights";
  CHECK(work.apply("File", "a", spec) == "");
  CHECK_FALSE(work.drift("a"));
  work.root.write("etc/passwd", "lights:x:4712345:1::/:\n");
  CHECK(work.drift("a") == "user lights is 4712345 now");
  CHECK(work.apply("File", "a", spec) == "");
  CHECK(work.root.about("etc/a").st_uid == 4712345);
  CHECK_FALSE(work.drift("a"));
}

namespace {

/// Random devices and random commits.
class Play {
 public:
  explicit Play(unsigned seed) : random_(seed) {}

  void furnish(FileWork& work) {
    for (const auto* directory : {"etc/d", "etc/d/s", "etc/e"}) {
      if (chance(2)) continue;
      fs::create_directories(work.root / directory);
      fs::permissions(work.root / directory, fs::perms(chance(2) ? 0700 : 0755));
    }
    for (const auto& path : paths_) {
      const auto at = work.root / path.substr(1);
      if (chance(2) || !fs::exists(at.parent_path())) continue;
      switch (pick(4)) {
        case 0:
          fs::create_symlink("target", at);
          break;
        case 1:
          fs::create_directories(at / "inner");
          work.root.write(path.substr(1) + "/inner/file", "inner");
          break;
        default:
          work.root.write(path.substr(1), chance(4) ? "1" : "device " + path);
          fs::permissions(at, fs::perms(chance(2) ? 0600 : 0644));
          if (chance(2)) ::setxattr(at.c_str(), "user.origin", "x", 1, 0);
      }
    }
  }

  const std::string& story() const { return story_; }

  /// A commit: some of the objects, each with a spec of its own.
  void commit(FileWork& work) {
    story_ += "commit ";
    std::set<std::string> taken;
    std::vector<plan::Desired> objects;
    work.tree = test::MemoryTree(source());
    story_ += "\n";
    for (const auto* name : {"a", "b", "c"}) {
      const auto path = paths_[pick(paths_.size())];
      if (chance(3) || !taken.insert(path).second) continue;
      const auto content = std::to_string(pick(3));
      story_ += fmt::format("File/{} {} {}\n", name, path, content);
      objects.push_back(work.desired("File", name, "path: " + path + "\ncontent: \"" + content + "\""));
    }
    const bool purge = chance(2);
    const auto below = [&](const std::string& path) { return path.starts_with("/etc/d/"); };
    if (!chance(3) && std::ranges::none_of(taken, below)) {
      objects.push_back(work.desired(
          "Directory", "d", std::string("path: /etc/d\nsource: conf\npurge: ") + (purge ? "true" : "false")));
      story_ += purge ? "Directory/d, purge\n" : "Directory/d\n";
    }
    apply(work, objects);
  }

  /// As a sync does it: compares, plans, applies.
  void apply(FileWork& work, const std::vector<plan::Desired>& objects) {
    work.render = objects;
    auto inventory = work.entries();
    std::ranges::sort(inventory, {}, &Entry::id);
    plan::Input input{
        .desired = objects, .inventory = inventory, .differences = {}, .owed = {}, .refused = {}};
    input.tree = &work.tree;
    const plan::Places places(inventory);
    const auto replacing = plan::replacing(input, places);
    for (const auto& object : objects) {
      const auto& id = object.manifest.id;
      try {
        const bool succeeds = std::ranges::find(replacing, id) != replacing.end();
        input.differences.emplace(id, work.compare(object, succeeds));
      } catch (const Error&) {
        input.refused.push_back(id);  // something of the device's stands in the way
      }
    }
    auto refused = input.refused;
    const auto plan = plan::plan(std::move(input), places);
    refused.insert(refused.end(), plan.refused.begin(), plan.refused.end());
    std::erase_if(work.render, [&](const plan::Desired& object) {
      return std::ranges::find(refused, object.manifest.id) != refused.end();
    });
    carry_out(work, plan, inventory);
  }

  void carry_out(FileWork& work, const plan::Plan& plan, const std::vector<Entry>& inventory) {
    plan::Places places(inventory);
    work.places = &places;
    for (const auto& step : plan.steps) {
      const bool succeeded = std::ranges::any_of(step.needs, [](const plan::Need& need) {
        return need.why == plan::Why::successor && !need.claim.empty();
      });
      if (step.desired == nullptr && (succeeded || step.verb == plan::Verb::release)) places.forget(step.id);
    }
    std::vector<bool> done;
    for (const auto& step : plan.steps) {
      const bool due =
          std::ranges::all_of(step.needs, [&](const plan::Need& need) { return done[need.step]; });
      done.push_back(due);
      if (!due) continue;
      const auto outcome = work.run({step}).front();
      story_ += fmt::format("  {} {} {}{}\n", to_string(step.verb), to_string(step.id), outcome.error,
                            outcome.note);
      done.back() = outcome.ok;
      if (!outcome.ok)
        CHECK_THAT(outcome.error,
                   Contains("where a file should be") || Contains("take it out of the source"));
    }
    work.places = nullptr;
  }

 private:
  std::map<std::string, std::string> source() {
    std::map<std::string, std::string> files;
    for (const auto* name : {"conf/x", "conf/y", "conf/s/z", "conf/t"}) {
      if (!chance(3)) files[name] = std::to_string(pick(3));
    }
    if (files.empty()) files["conf/x"] = "1";
    for (const auto& [name, content] : files) story_ += name + " ";
    return files;
  }
  std::size_t pick(std::size_t count) { return random_() % count; }
  bool chance(std::size_t of) { return pick(of) == 0; }

  const std::vector<std::string> paths_{"/etc/f",   "/etc/g",   "/etc/d/x", "/etc/d/s/z",
                                        "/etc/d/t", "/etc/e/h", "/opt/n/k"};
  std::mt19937 random_;
  std::string story_;
};

}  // namespace

TEST_CASE("give back: whatever commits came and went, the device is what it was when none is left") {
  const auto first = test::first_seed();
  for (unsigned seed = first; seed < first + test::seed_count(300); ++seed) {
    INFO("seed " << seed);
    FileWork work;
    Play play(seed);
    play.furnish(work);
    const auto before = picture(work.root);
    for (int commits = 0; commits < 5; ++commits) play.commit(work);
    play.apply(work, {});
    INFO(play.story());
    fs::remove(work.root / "opt");  // the allowed path itself
    REQUIRE(work.inventory.empty());
    REQUIRE(in_words(picture(work.root)) == in_words(before));
    REQUIRE(kept_count(work.root) == 0);
  }
}
