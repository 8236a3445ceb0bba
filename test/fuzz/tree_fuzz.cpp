// Trees as a signer may have written them by hand: the input is their entries, a line each, as MODE NAME=N,
// where N is the number of an earlier tree, or any other text for a file, or for where a link leads; "---"
// begins the next tree, and other lines are taken as they are. What the reader shows of it is a tree of files
// such as git makes it.

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "fuzz/scratch_store.h"
#include "git/commit_tree.h"

using namespace greenwave;

namespace {

std::string raw(const git_oid& id) {
  return {reinterpret_cast<const char*>(id.id), sizeof id.id};
}

class Trees {
 public:
  explicit Trees(git_repository* repository) {
    git_repository_odb(git::Out(odb_), repository);
    file_ = write(GIT_OBJECT_BLOB, "kind: File\n");
  }

  void add(std::string_view line) {
    if (line == "---") return finish();
    const auto mark = line.rfind('=');
    if (mark == std::string_view::npos) {
      tree_ += line;
      return;
    }
    tree_ += line.substr(0, mark);
    tree_ += '\0';
    std::size_t number = trees_.size();
    std::from_chars(line.data() + mark + 1, line.data() + line.size(), number);
    const bool is_link = line.starts_with("120000 ");
    tree_ += raw(number < trees_.size() ? trees_[number]
                 : is_link              ? write(GIT_OBJECT_BLOB, line.substr(mark + 1))
                                        : file_);
  }

  const git_oid& root() {
    finish();
    return trees_.back();
  }

 private:
  git_oid write(git_object_t type, std::string_view bytes) const {
    git_oid id{};
    if (git_odb_write(&id, odb_.get(), bytes.data(), bytes.size(), type) < 0) std::abort();
    return id;
  }

  void finish() {
    trees_.push_back(write(GIT_OBJECT_TREE, tree_));
    tree_.clear();
  }

  git::Odb odb_;
  git_oid file_{};
  std::vector<git_oid> trees_;
  std::string tree_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::ScratchStore scratch;
  Trees trees(scratch.store().raw());
  for (const auto line : split({reinterpret_cast<const char*>(data), size}, '\n')) trees.add(line);
  git::Missing missing;
  for (auto* allowed : {&missing, static_cast<git::Missing*>(nullptr)}) {
    try {
      fuzz::read_tree(git::CommitTree(scratch.store().raw(), trees.root(), "", allowed));
    } catch (const Error& error) {
      if (error.fault() != Fault::invalid && error.fault() != Fault::damaged) std::abort();
    }
  }
  return 0;
}
