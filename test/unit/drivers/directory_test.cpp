#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "drivers/host/directory_foreign.h"
#include "drivers/host/file_record.h"
#include "drivers/host/replacement.h"
#include "unit/drivers/file_work.h"

using namespace greenwave;
using namespace greenwave::drivers::host;
using greenwave::test::FileWork;
using Kind = plan::Difference::Kind;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

std::size_t names_below(const fs::path& path) {
  return static_cast<std::size_t>(
      std::distance(fs::recursive_directory_iterator(path), fs::recursive_directory_iterator()));
}

const std::map<std::string, std::string> plans{{"plans/am.json", "{}\n"},
                                               {"plans/corridor/fulton.json", "{1}\n"},
                                               {"plans/corridor/geary.json", "{2}\n"}};

}  // namespace

TEST_CASE("directory: it is made with its mode, and others' files in it are no drift") {
  FileWork work;
  const auto directory = work.desired("Directory", "d", "path: /opt/a/d\nmode: \"0750\"");
  CHECK(work.compare(directory).kind == Kind::create);
  CHECK(work.apply(directory) == "");
  CHECK(work.root.mode("opt/a/d") == 0750);
  CHECK(work.root.mode("opt/a") == 0755);
  work.root.write("opt/a/d/theirs", "x");
  CHECK_FALSE(work.drift("d"));
  CHECK_FALSE(work.refreshed);
  fs::permissions(work.root / "opt/a/d", fs::perms(0777));
  CHECK_THAT(*work.drift("d"), Contains("mode 0777"));
  CHECK(work.apply(directory) == "");
  CHECK(work.root.mode("opt/a/d") == 0750);
}

TEST_CASE("directory: pruning removes it when it is empty, and keeps what others put there") {
  FileWork work;
  work.apply("Directory", "empty", "path: /opt/empty");
  work.apply("Directory", "used", "path: /opt/used");
  work.root.write("opt/used/theirs", "x");
  CHECK(work.remove("empty") == "");
  CHECK_FALSE(work.root.has("opt/empty"));
  CHECK(work.remove("used") == "");
  CHECK_THAT(work.note, Contains("kept /opt/used"));
  CHECK(work.root.has("opt/used/theirs"));
}

TEST_CASE("directory: a file or a link where it should be is an error with a remedy") {
  FileWork work;
  work.root.write("opt/f", "x");
  fs::create_symlink("f", work.root / "opt/l");
  CHECK_THROWS_WITH(work.compare(work.desired("Directory", "f", "path: /opt/f")),
                    Contains("/opt/f is a file, where a directory should be; remove it"));
  CHECK_THROWS_WITH(work.compare(work.desired("Directory", "l", "path: /opt/l")), Contains("is a link"));
}

TEST_CASE("directory: a tree arrives as one object, drifts and is repaired") {
  FileWork work(plans);
  const auto tree = work.desired("Directory", "plans", "path: /opt/plans\nsource: plans\nfileMode: \"0640\"");
  const auto difference = work.compare(tree);
  CHECK(difference.kind == Kind::create);
  CHECK_THAT(difference.diff, Contains("/opt/plans/corridor/fulton.json: a new file") && !Contains("{1}"));
  CHECK(record_from_json(difference.record).creates.size() == 4);
  CHECK(work.apply(tree) == "");
  CHECK(work.root.read("opt/plans/corridor/geary.json") == "{2}\n");
  CHECK(work.root.mode("opt/plans/am.json") == 0640);
  CHECK(work.inventory["plans"].files.size() == 5);
  CHECK(record_from_json(work.inventory["plans"].record).creates.empty());
  CHECK_FALSE(work.drift("plans"));
  CHECK_FALSE(work.refreshed);
  CHECK(work.compare(tree).kind == Kind::none);

  const auto untouched = work.root.about("opt/plans/am.json").st_ino;
  work.root.write("opt/plans/corridor/fulton.json", "{9}\n");
  CHECK(work.drift("plans") == "/opt/plans/corridor/fulton.json: content changed");
  CHECK(work.apply(tree) == "");
  CHECK(work.root.read("opt/plans/corridor/fulton.json") == "{1}\n");
  CHECK(work.root.about("opt/plans/am.json").st_ino == untouched);
  CHECK_FALSE(work.drift("plans"));
}

TEST_CASE("directory: what age encrypted is refused before anything is written, with what to do") {
  FileWork work({{"t/a", "x"}, {"t/key.age", "age-encryption.org/v1\n-> X25519 a\n"}});
  CHECK_THROWS_WITH(work.compare(work.desired("Directory", "t", "path: /opt/t\nsource: t")),
                    Contains("t/key.age is encrypted by age, and a Directory does not open it") &&
                        Contains("make it the source of a File"));
  CHECK_FALSE(work.root.has("opt/t"));
}

TEST_CASE("directory: executables and links come from git as such") {
  FileWork work;
  const auto tree =
      test::MemoryTree({{"t/run", "#!/bin/sh\n"}, {"t/link", "run"}, {"t/plain", "x"}})
          .having({{"t/run", SourceTree::Type::executable}, {"t/link", SourceTree::Type::link}});
  auto manifest = work.manifest("Directory", "t", "path: /opt/t\nsource: t");
  manifest.source = Source{"t", "1", true};
  plan::Desired object{manifest, {}};
  plan::Step step;
  step.id = manifest.id;
  step.desired = &object;
  step.difference = test::difference_of(work.driver, object, nullptr, tree);
  const plan::Step* steps[] = {&step};
  Entry entry;
  test::apply_with(work.driver, steps, tree, [&entry](const plan::Step&, drivers::StepResult result) {
    CHECK(result.error == "");
    entry = result.entry;
    entry.id.kind = "Directory";
  });
  CHECK(work.root.mode("opt/t/run") == 0755);
  CHECK(work.root.mode("opt/t/plain") == 0644);
  CHECK(fs::read_symlink(work.root / "opt/t/link") == "run");
  CHECK_FALSE(test::drift_of(work.driver, entry, {.distrust = true}).how);
  fs::remove(work.root / "opt/t/link");
  fs::create_symlink("plain", work.root / "opt/t/link");
  CHECK(test::drift_of(work.driver, entry).how == "/opt/t/link: content changed");
  fs::remove(work.root / "opt/t/link");
  work.root.write("opt/t/link", "run");
  CHECK(test::drift_of(work.driver, entry).how == "/opt/t/link: a file instead of a link");
}

TEST_CASE("directory: what leaves the source leaves the device, others' files stay without purge") {
  FileWork work(plans);
  work.apply("Directory", "plans", "path: /opt/plans\nsource: plans");
  work.root.write("opt/plans/corridor/theirs", "x");
  work.tree = test::MemoryTree({{"plans/am.json", "{}\n"}, {"plans/pm/x", "x"}});
  const auto smaller = work.desired("Directory", "plans", "path: /opt/plans\nsource: plans");
  CHECK_THAT(work.compare(smaller).diff, Contains("/opt/plans/corridor/geary.json: removed"));
  CHECK(work.apply(smaller) == "");
  CHECK_FALSE(work.root.has("opt/plans/corridor/geary.json"));
  CHECK(work.root.has("opt/plans/corridor/theirs"));
  CHECK(work.root.read("opt/plans/pm/x") == "x");
  CHECK_FALSE(work.drift("plans"));
  CHECK(work.remove("plans") == "");
  CHECK(names_below(work.root / "opt/plans") == 2);
}

TEST_CASE("directory: purge removes what is not in the source, without following links") {
  FileWork work(plans);
  work.root.write("opt/elsewhere/precious", "x");
  const auto tree = work.desired("Directory", "plans", "path: /opt/plans\nsource: plans\npurge: true");
  CHECK(work.apply(tree) == "");
  CHECK_FALSE(work.drift("plans"));
  CHECK_FALSE(work.refreshed);
  work.root.write("opt/plans/corridor/theirs/deep/file", "x");
  fs::create_symlink("../elsewhere", work.root / "opt/plans/link");
  CHECK_THAT(*work.drift("plans"), Contains("not in the source"));
  const auto difference = work.compare(tree);
  CHECK(difference.kind == Kind::change);
  CHECK_THAT(difference.diff,
             Contains("/opt/plans/corridor/theirs: removed") && Contains("/opt/plans/link: removed"));
  CHECK(work.apply(tree) == "");
  CHECK(names_below(work.root / "opt/plans") == 4);
  CHECK(work.root.has("opt/elsewhere/precious"));
  CHECK_FALSE(work.drift("plans"));
  CHECK_FALSE(work.refreshed);
}

TEST_CASE("directory: purge never removes what lies on a mounted file system") {
  FileWork work(plans);
  const auto tree = work.desired("Directory", "plans", "path: /opt/plans\nsource: plans\npurge: true");
  work.apply(tree);
  const test::Mounted disk(work.root / "opt/plans/disk", 0, "size=64k");
  if (!disk) return;
  work.root.write("opt/plans/disk/precious", "x");
  CHECK_THAT(work.apply(tree), Contains("a file system is mounted there"));
  CHECK(work.root.has("opt/plans/disk/precious"));
}

TEST_CASE("directory: a file that becomes a directory, and the reverse") {
  FileWork work({{"t/a", "file"}, {"t/b/inner", "x"}});
  work.apply("Directory", "t", "path: /opt/t\nsource: t");
  work.tree = test::MemoryTree({{"t/a/inner", "x"}, {"t/b", "file"}});
  const auto swapped = work.desired("Directory", "t", "path: /opt/t\nsource: t");
  CHECK(work.apply(swapped) == "");
  CHECK(work.root.read("opt/t/a/inner") == "x");
  CHECK(work.root.read("opt/t/b") == "file");
  CHECK_FALSE(work.drift("t"));
}

TEST_CASE("directory: a power cut in a first apply leaves nothing of ours behind when it is pruned") {
  FileWork work(plans);
  work.root.write("opt/plans/am.json", "theirs");
  const auto tree = work.desired("Directory", "plans", "path: /opt/plans\nsource: plans");
  auto& entry = work.inventory["plans"];
  entry.record = test::difference_of(work.driver, tree, nullptr, work.tree).record;
  entry.id = tree.manifest.id;
  entry.intended = true;
  work.root.write("opt/plans/corridor/fulton.json", "{1}\n");
  work.root.write("opt/plans/corridor/" + name_beside("geary.json"), "{");
  CHECK(work.remove("plans") == "");
  CHECK(work.root.read("opt/plans/am.json") == "theirs");
  CHECK(names_below(work.root / "opt/plans") == 1);
}

TEST_CASE("directory: one file's failure does not stop the others, and is reported") {
  FileWork work(plans);
  fs::create_directories(work.root / "opt/plans/am.json/theirs");
  const auto tree = work.desired("Directory", "plans", "path: /opt/plans\nsource: plans");
  CHECK_THAT(work.apply(tree), Contains("/opt/plans/am.json") && Contains("directory"));
  CHECK(work.root.read("opt/plans/corridor/fulton.json") == "{1}\n");
  CHECK(work.root.has("opt/plans/am.json/theirs"));
  CHECK(work.remove("plans") == "");
  CHECK(names_below(work.root / "opt/plans") == 2);
}

TEST_CASE("directory: a new path moves the whole tree") {
  FileWork work(plans);
  work.apply("Directory", "plans", "path: /opt/plans\nsource: plans");
  CHECK(work.apply("Directory", "plans", "path: /opt/moved\nsource: plans") == "");
  CHECK_FALSE(work.root.has("opt/plans"));
  CHECK(work.root.read("opt/moved/am.json") == "{}\n");
  CHECK_FALSE(work.drift("plans"));
}
