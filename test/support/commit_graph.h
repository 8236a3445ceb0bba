#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <git2.h>
#include <git2/sys/mempack.h>

#include "git/handle.h"
#include "git/library.h"
#include "git/store.h"
#include "model/commit_id.h"
#include "support/signer.h"
#include "support/temporary_directory.h"

namespace greenwave::test {

/// What is written to the store from here on stays in memory: nothing waits for the disk.
inline void keep_in_memory(const git::Store& store) {
  git::Odb odb;
  git_odb_backend* memory = nullptr;
  const bool is_open = git_repository_odb(git::Out(odb), store.raw()) == 0;
  if (!is_open || git_mempack_new(&memory) < 0 || git_odb_add_backend(odb.get(), memory, 1000) < 0) {
    throw git::failure(Fault::internal, "keep objects in memory");
  }
}

/// A store with commits that a test makes one by one, in memory's speed: files by path, and who signs.
class CommitGraph {
 public:
  using Files = std::map<std::string, std::string>;

  CommitGraph() { keep_in_memory(store_); }

  CommitId commit(const Files& files, const std::vector<CommitId>& parents, const Signer* signer = nullptr,
                  const std::string& message = "Change") {
    std::string payload = "tree " + git::to_hex(tree_of(files)) + "\n";
    for (const auto& parent : parents) payload += "parent " + parent.text() + "\n";
    // Each commit is another one, whatever it has.
    const auto time = std::to_string(1'700'000'000 + count_++);
    for (const auto* who : {"author", "committer"}) {
      payload += std::string(who) + " Ana <ana@sf.example> " + time + " +0000\n";
    }
    payload += "\n" + message + "\n";
    return CommitId(
        git::to_hex(write(store_, signer != nullptr ? signer->sign(payload) : payload, GIT_OBJECT_COMMIT)));
  }

  git::Store& store() { return store_; }

  /// Writes an object of this store into another one.
  void give(const std::string& oid, git::Store& to) {
    git::OdbObject object;
    const auto id = git::to_oid(oid);
    require(git_odb_read(git::Out(object), odb_of(store_).get(), &id));
    write(to,
          {static_cast<const char*>(git_odb_object_data(object.get())), git_odb_object_size(object.get())},
          git_odb_object_type(object.get()));
  }

 private:
  static void require(int code) {
    if (code < 0) throw git::failure(Fault::internal, "use a test's store");
  }

  static git::Odb odb_of(const git::Store& store) {
    git::Odb odb;
    require(git_repository_odb(git::Out(odb), store.raw()));
    return odb;
  }

  static git_oid write(const git::Store& store, std::string_view bytes, git_object_t type) {
    git_oid oid{};
    require(git_odb_write(&oid, odb_of(store).get(), bytes.data(), bytes.size(), type));
    return oid;
  }

  git_oid tree_of(const Files& files) {
    std::map<std::string, Files> below;
    std::map<std::string, std::string> lines;  // directories sort as if their names ended with a slash
    for (const auto& [path, content] : files) {
      const auto slash = path.find('/');
      if (slash != std::string::npos) {
        below[path.substr(0, slash)][path.substr(slash + 1)] = content;
      } else {
        lines[path] = line("100644", path, write(store_, content, GIT_OBJECT_BLOB));
      }
    }
    for (const auto& [name, inside] : below) lines[name + "/"] = line("40000", name, tree_of(inside));
    std::string bytes;
    for (const auto& [name, text] : lines) bytes += text;
    return write(store_, bytes, GIT_OBJECT_TREE);
  }

  static std::string line(const std::string& mode, const std::string& name, const git_oid& oid) {
    auto text = mode + " " + name;
    text += '\0';
    return text.append(reinterpret_cast<const char*>(oid.id), sizeof oid.id);
  }

  TemporaryDirectory directory_;
  git::Store store_{directory_.path() / "git"};
  std::uint64_t count_ = 0;
};

}  // namespace greenwave::test
