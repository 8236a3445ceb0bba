#pragma once

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "git/handle.h"
#include "git/landing.h"
#include "git/library.h"
#include "git/store.h"
#include "model/lead.h"
#include "support/temporary_directory.h"

/// What a fuzz target writes need not survive a power cut.
extern "C" int fsync(int) {
  return 0;
}

/// libgit2 forgets objects of a pack that it cannot add.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:git_indexer_\n";
}

namespace greenwave::fuzz {

/// For one input: small ones may ask for much.
inline constexpr git::FetchLimits limits{
    .bytes = 1 << 20,
    .objects = 200,
    .work = {.memory = 1 << 20, .unpacked = 4 << 20, .cpu = std::chrono::seconds(1)}};

/// A store for one input, in memory. It has, and keeps, a commit with one file, so that a thin pack can build
/// on that.
class ScratchStore {
 public:
  ScratchStore() : store_((cleared() / "git").native()) {
    if (!store_.kept().empty()) return;
    git::Odb odb;
    git_repository_odb(git::Out(odb), store_.raw());
    const auto add = [&](git_object_t type, const std::string& bytes) {
      git_oid id{};
      if (git_odb_write(&id, odb.get(), bytes.data(), bytes.size(), type) < 0) std::abort();
      first_files().insert(git::to_hex(id).insert(2, "/"));
      return id;
    };
    std::string content;
    for (int i = 0; i < 20; ++i) content += "line " + std::to_string(i) + "\n";
    const auto file = add(GIT_OBJECT_BLOB, content);
    std::string list("100644 motd");
    list += '\0';
    list.append(reinterpret_cast<const char*>(file.id), sizeof file.id);
    const auto tree = add(GIT_OBJECT_TREE, list);
    const std::string who = "Ana <ana@sf.example> 1795505890 +0000\n";
    const auto commit = add(
        GIT_OBJECT_COMMIT, "tree " + git::to_hex(tree) + "\nauthor " + who + "committer " + who + "\nbase\n");
    base_ = git::to_hex(commit);
    store_.keep("applied", CommitId(base_));
  }
  /// Only the commit that was there first is kept.
  ~ScratchStore() { store_.keep("applied", CommitId(base_)); }

  git::Store& store() { return store_; }

  /// What is in the directory of packs.
  std::set<std::string> packs() const {
    std::set<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(store_.directory() / "objects/pack")) {
      names.insert(file.path().filename());
    }
    return names;
  }

 private:
  static std::set<std::string>& first_files() {
    static std::set<std::string> names;
    return names;
  }

  /// The directory that all inputs share, without what the last one left.
  static const test::TemporaryDirectory& cleared() {
    static const test::TemporaryDirectory directory("/dev/shm");
    std::error_code error;
    const auto objects = directory / "git/objects";
    std::vector<std::filesystem::path> left;
    for (const auto& file : std::filesystem::recursive_directory_iterator(objects, error)) {
      const auto name = file.path().lexically_relative(objects).native();
      if (file.is_regular_file() && !first_files().contains(name)) left.push_back(file.path());
    }
    for (const auto& file : left) std::filesystem::remove(file);
    return directory;
  }

  static inline std::string base_;
  git::Store store_;
};

/// Reads every file below `path`, and checks that no name leads elsewhere, and that list() and find() agree.
inline void read_tree(const SourceTree& tree, const std::string& path = "", int depth = 0) {
  std::string last;
  for (const auto& item : tree.list(path)) {
    const auto& name = item.name;
    if (name.empty() || name == "." || name == ".." || name.find('/') != name.npos || name == last)
      std::abort();
    last = name;
    const auto below = path.empty() ? name : path + "/" + name;
    const auto found = tree.find(below);
    if (!found || found->oid != item.oid || found->type != item.type) std::abort();
    if (item.type == SourceTree::Type::directory && depth < 8) read_tree(tree, below, depth + 1);
    if (item.type == SourceTree::Type::file) tree.read(below, 1 << 20);
    const auto lead = follow(tree, below);
    const auto there = lead.item ? tree.find(lead.path) : std::nullopt;
    if (lead.item && (!there || there->type != lead.item->type || there->type == SourceTree::Type::link)) {
      std::abort();
    }
  }
}

/// Reads each object of the store, and of each commit what a device reads of it.
inline void read_objects(const git::Store& store) {
  std::vector<git_oid> names;
  git::Odb odb;
  git_repository_odb(git::Out(odb), store.raw());
  const auto note = [](const git_oid* name, void* list) {
    static_cast<std::vector<git_oid>*>(list)->push_back(*name);
    return 0;
  };
  git_odb_foreach(odb.get(), note, &names);
  for (const auto& name : names) {
    git::OdbObject object;
    // libgit2 takes in an object that is longer than its pack says, and notices when it is read.
    if (git_odb_read(git::Out(object), odb.get(), &name) < 0) continue;
    git_oid again{};
    git_odb_hash(&again, git_odb_object_data(object.get()), git_odb_object_size(object.get()),
                 git_odb_object_type(object.get()));
    if (!git_oid_equal(&again, &name)) std::abort();
    if (git_odb_object_type(object.get()) != GIT_OBJECT_COMMIT) continue;
    try {
      const CommitId commit(git::to_hex(name));
      store.commit(commit);
      read_tree(*store.tree(commit, ""));
    } catch (const Error&) {
    }
  }
}

}  // namespace greenwave::fuzz
