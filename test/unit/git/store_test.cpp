#include "git/store.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "base/error.h"
#include "git/commit_tree.h"
#include "git/file_transport.h"
#include "git/handle.h"
#include "support/faults.h"
#include "support/git_repository.h"

using namespace greenwave;
using test::fault_of;
using test::GitRepository;
using test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

const std::atomic<bool> never{false};

void fetch(const GitRepository& repository, git::Store& store, const CommitId& commit) {
  git::FileTransport(repository.path(), "refs/heads/main", never).fetch(commit, store);
}

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  return files;
}

/// What stat says of everything below a directory: changes when anything is written there.
std::string fingerprint(const fs::path& directory) {
  std::string text;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    struct stat about {};
    ::lstat(entry.path().c_str(), &about);
    text += entry.path().native() + std::to_string(about.st_ino) + " " + std::to_string(about.st_size) + " " +
            std::to_string(about.st_ctim.tv_sec) + "." + std::to_string(about.st_ctim.tv_nsec) + "\n";
  }
  return text;
}

/// Overwrites the middle of every pack, or of every index.
void damage(const fs::path& store, const std::string& extension) {
  for (const auto& file : files_below(store / "objects")) {
    if (file.extension() != extension) continue;
    fs::permissions(file, fs::perms(0600));
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = fs::file_size(file);
    bytes.seekp(static_cast<std::streamoff>(size / 3));
    bytes << std::string(size / 3, 'x');
  }
}

}  // namespace

TEST_CASE("store: a commit's files are found, listed and read without a checkout") {
  GitRepository repository;
  repository.commit({{"base/a.yaml", "a: 1\n"}, {"base/z", "z"}, {"base-2", "x"}, {"greenwave.yaml", "k"}});
  fs::create_symlink("a.yaml", repository.path() / "base/link");
  fs::permissions(repository.path() / "base/z", fs::perms(0700));
  const auto commit = repository.commit({});
  TemporaryDirectory directory;
  git::Store store(directory / "state/git");
  CHECK_FALSE(store.has(commit));
  fetch(repository, store, commit);
  REQUIRE(store.has(commit));

  const auto tree = store.tree(commit, "");
  CHECK(tree->read("base/a.yaml", 100) == "a: 1\n");
  CHECK(tree->read("base/link", 100) == "a.yaml");
  CHECK(tree->find("base/z")->type == SourceTree::Type::executable);
  CHECK(tree->find("base/link")->type == SourceTree::Type::link);
  CHECK(tree->find("base")->type == SourceTree::Type::directory);
  CHECK(tree->find("")->type == SourceTree::Type::directory);
  CHECK(tree->find("base/a.yaml")->oid == repository.git({"rev-parse", "HEAD:base/a.yaml"}));
  CHECK_FALSE(tree->find("base/none"));
  CHECK_FALSE(tree->find("none/at/all"));
  CHECK_FALSE(tree->find("greenwave.yaml/below"));
  std::vector<std::string> names;
  for (const auto& item : tree->list("")) names.push_back(item.name);
  CHECK(names == std::vector<std::string>{"base", "base-2", "greenwave.yaml"});
  CHECK(tree->list("none").empty());
  CHECK(tree->list("greenwave.yaml").empty());

  const auto below = store.tree(commit, "base");
  CHECK(below->read("a.yaml", 100) == "a: 1\n");
  CHECK(fault_of([&] { store.tree(commit, "cities/none"); }) == Fault::invalid);
  CHECK(fault_of([&] { tree->read("base", 100); }) == Fault::invalid);
}

TEST_CASE(
    "store: a tree that git would not write is refused, since its names may lead elsewhere or to two files") {
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  git::Odb odb;
  REQUIRE(git_repository_odb(git::Out(odb), store.raw()) == 0);
  const auto write = [&](git_object_t type, const std::string& bytes) {
    git_oid id{};
    REQUIRE(git_odb_write(&id, odb.get(), bytes.data(), bytes.size(), type) == 0);
    return id;
  };
  const auto tree_of = [&](const std::vector<std::string>& entries) {
    const auto file = write(GIT_OBJECT_BLOB, "green wave");
    const auto empty = write(GIT_OBJECT_TREE, "");
    std::string bytes;
    for (const auto& each : entries) {
      const auto& id = each.starts_with("40000 ") ? empty : file;
      bytes += each + '\0' + std::string(reinterpret_cast<const char*>(id.id), sizeof id.id);
    }
    return write(GIT_OBJECT_TREE, bytes);
  };
  const auto names = [&](const std::vector<std::string>& entries) {
    std::vector<std::string> listed;
    const git::CommitTree tree(store.raw(), tree_of(entries), "", nullptr);
    for (const auto& item : tree.list("")) {
      listed.push_back(item.name);
      CHECK(tree.find(item.name)->oid == item.oid);
    }
    return listed;
  };
  CHECK(names({"100644 a", "100755 a-b", "40000 a.b", "120000 b"}) ==
        std::vector<std::string>{"a", "a-b", "a.b", "b"});
  CHECK(names({"100644 a-b", "40000 a", "100644 a0"}) == std::vector<std::string>{"a", "a-b", "a0"});
  const std::vector<std::vector<std::string>> refused{
      {"100644 ."},
      {"40000 .."},
      {"100644 base/motd"},
      {"100644 /etc"},
      {"100644 b", "100644 a"},
      {"100644 a", "100644 a"},
      {"100644 a", "100644 a-b", "40000 a"},
  };
  for (const auto& entries : refused) {
    CAPTURE(entries);
    CHECK_THROWS_WITH(
        names(entries),
        Catch::StartsWith("the list of files in the repository's top directory is not as git writes it"));
  }
}

TEST_CASE("store: a blob larger than the cap is refused with both sizes") {
  GitRepository repository;
  const auto commit = repository.commit({{"big", std::string(5000, 'x')}});
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  fetch(repository, store, commit);
  CHECK_THROWS_WITH(store.tree(commit, "")->read("big", 4096),
                    Catch::Contains("4.9 KiB, more than the 4.0 KiB"));
}

TEST_CASE("store: a commit's message is made safe for a terminal") {
  GitRepository repository;
  const auto commit = repository.commit({{"a", "a"}}, "Retime \x1b[31mFulton\n\nbody");
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  fetch(repository, store, commit);
  const auto read = store.commit(commit);
  CHECK(read.id == commit);
  CHECK(read.subject == "Retime \xEF\xBF\xBD[31mFulton");
  CHECK(read.author == "Ana Operator");
  CHECK(read.time > Time(std::chrono::hours(24 * 365 * 50)));
}

TEST_CASE("store: keeping a commit again writes nothing, and nothing writes a reflog") {
  GitRepository repository;
  const auto first = repository.commit({{"a", "1"}});
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  fetch(repository, store, first);
  store.keep("applied", first);
  const auto before = fingerprint(store.directory());
  store.keep("applied", first);
  fetch(repository, store, first);
  { git::Store again(directory / "git"); }
  CHECK(fingerprint(store.directory()) == before);

  const auto second = repository.commit({{"a", "2"}});
  fetch(repository, store, second);
  store.keep("applied", second);
  CHECK(fingerprint(store.directory()) != before);
  CHECK_FALSE(fs::exists(store.directory() / "logs"));
  CHECK_FALSE(fs::exists(store.directory() / "FETCH_HEAD"));
  CHECK_FALSE(fs::exists(store.directory() / "refs/heads/main"));
}

TEST_CASE("store: damage is reported as damage, and a new store works again") {
  GitRepository repository;
  const auto commit = repository.commit({{"a", std::string(3000, 'a')}, {"b", "b"}});
  TemporaryDirectory directory;
  const auto path = directory / "git";
  const auto read_all = [&] {
    git::Store store(path);
    const auto tree = store.tree(commit, "");
    tree->read("a", 10'000);
    tree->read("b", 10'000);
  };
  {
    git::Store store(path);
    fetch(repository, store, commit);
    store.keep("applied", commit);
  }
  CHECK_NOTHROW(read_all());

  SECTION("a damaged pack") {
    damage(path, ".pack");
  }
  SECTION("a damaged index") {
    damage(path, ".idx");
  }
  SECTION("a lost pack") {
    fs::remove_all(path / "objects/pack");
  }
  SECTION("a lost object database") {
    fs::remove_all(path / "objects");
  }
  SECTION("a broken HEAD") {
    std::ofstream(path / "HEAD") << "\x01\x02 rubbish";
  }
  SECTION("a lost HEAD") {
    fs::remove(path / "HEAD");
  }
  SECTION("a broken config") {
    std::ofstream(path / "config") << std::string_view("[[[\0\1", 5);
  }
  SECTION("a file in its place") {
    fs::remove_all(path);
    std::ofstream(path) << "not a directory";
  }
  CHECK(fault_of(read_all) == Fault::damaged);
  git::Store::set_aside(path);
  CHECK(fs::exists(directory / "git.damaged"));
  git::Store store(path);
  fetch(repository, store, commit);
  CHECK(store.tree(commit, "")->read("b", 10) == "b");
}

TEST_CASE("store: a loose object that does not match its name is damage") {
  GitRepository repository;
  const auto commit = repository.commit({{"a", "right"}, {"greenwave-other", "wrong"}});
  const auto blob = repository.git({"rev-parse", "HEAD:a"});
  const auto other = repository.git({"hash-object", "-w", "greenwave-other"});
  const auto loose = [&](const std::string& oid) {
    return repository.path() / ".git/objects" / oid.substr(0, 2) / oid.substr(2);
  };
  fs::remove(loose(blob));
  fs::copy(loose(other), loose(blob));
  git::Store store(repository.path() / ".git");
  CHECK(fault_of([&] { store.tree(commit, "")->read("a", 100); }) == Fault::damaged);
}

TEST_CASE("store: what a killed fetch left is removed at the next start") {
  GitRepository repository;
  const auto commit = repository.commit({{"a", "1"}});
  TemporaryDirectory directory;
  { git::Store store(directory / "git"); }
  directory.write("git/objects/pack/pack_git2_a1b2c3", "half a pack");
  directory.write("git/objects/tmp_object_git2_a1b2c3", "half an object");
  directory.write("git/refs/greenwave/applied.lock", "half a ref");
  git::Store store(directory / "git");
  CHECK_FALSE(fs::exists(directory / "git/objects/pack/pack_git2_a1b2c3"));
  CHECK_FALSE(fs::exists(directory / "git/objects/tmp_object_git2_a1b2c3"));
  fetch(repository, store, commit);
  CHECK_NOTHROW(store.keep("applied", commit));

  SECTION("but not while another holds the store open") {
    directory.write("git/objects/pack/pack_git2_d4e5f6", "a fetch under way");
    git::Store reader(directory / "git");
    CHECK(fs::exists(directory / "git/objects/pack/pack_git2_d4e5f6"));
  }
}

TEST_CASE(
    "store: a commit that changes one of five thousand files of a directory brings the directory's tree, not "
    "its files") {
  GitRepository repository;
  std::map<std::string, std::string> files;
  for (int i = 0; i < 5000; ++i) {
    files["devices/sf-" + std::to_string(i)] = "device " + std::to_string(i) + "\n" + std::string(900, 'x');
  }
  const auto commit = repository.import(files);
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  fetch(repository, store, commit);
  const auto tree = store.tree(commit, "");
  CHECK(tree->list("devices").size() == 5000);
  for (const auto& [name, content] : files) REQUIRE(tree->find(name));
  CHECK(tree->read("devices/sf-4999", 2000) == files["devices/sf-4999"]);

  const auto next = repository.import({{"devices/sf-17", "changed"}});
  git::FileTransport transport(repository.path(), "refs/heads/main", never);
  store.keep("applied", commit);
  transport.fetch(next, store);
  CHECK(store.tree(next, "")->read("devices/sf-17", 100) == "changed");
  CHECK(transport.bytes_received() < 250'000);
}
