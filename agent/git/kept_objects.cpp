#include "git/kept_objects.h"

#include <set>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "git/handle.h"
#include "git/library.h"

namespace greenwave::git {

namespace {

constexpr const char* remedy = "the store is set aside and fetched anew";

class Visit {
 public:
  Visit(git_repository* repository, Fault fault, const char* what_helps,
        const std::function<void(const git_oid&, const char*)>& visit)
      : repository_(repository), fault_(fault), remedy_(what_helps), visit_(visit) {
    const auto fail = [&] { return failure(fault_, "read the database of objects", remedy_); };
    if (git_repository_odb(Out(odb_), repository_) < 0) throw fail();
    if (git_odb_refresh(odb_.get()) < 0) throw fail();
  }

  bool enter(const git_oid& commit) {
    const bool present = git_odb_exists_ext(odb_.get(), &commit, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
    enter_commit(commit);
    return present;
  }

 private:
  bool is_new(const git_oid& oid, const char* name) {
    if (!seen_.insert(oid).second) return false;
    // A miss must not make libgit2 look through the disk again: a partial store has thousands of them.
    if (git_odb_exists_ext(odb_.get(), &oid, GIT_ODB_LOOKUP_NO_REFRESH) != 1) return false;
    visit_(oid, name);
    return true;
  }

  Error unreadable(const git_oid& oid) const {
    return failure(fault_, fmt::format("read object {}", to_hex(oid)), remedy_);
  }

  void enter_commit(const git_oid& oid) {
    if (!is_new(oid, "")) return;
    RawCommit commit;
    if (git_commit_lookup(Out(commit), repository_, &oid) < 0) throw unreadable(oid);
    trees_.push_back(*git_commit_tree_id(commit.get()));
    if (!is_new(trees_.back(), "")) trees_.pop_back();
    while (!trees_.empty()) {
      const auto tree = trees_.back();
      trees_.pop_back();
      enter_tree(tree);
    }
  }

  void enter_tree(const git_oid& oid) {
    Tree tree;
    if (git_tree_lookup(Out(tree), repository_, &oid) < 0) throw unreadable(oid);
    for (std::size_t i = 0; i < git_tree_entrycount(tree.get()); ++i) {
      const auto* entry = git_tree_entry_byindex(tree.get(), i);
      const auto type = git_tree_entry_type(entry);
      if (type == GIT_OBJECT_COMMIT) continue;  // a submodule's commit is of another repository
      const auto& below = *git_tree_entry_id(entry);
      if (is_new(below, git_tree_entry_name(entry)) && type == GIT_OBJECT_TREE) trees_.push_back(below);
    }
  }

  git_repository* repository_;
  Fault fault_;
  const char* remedy_;
  const std::function<void(const git_oid&, const char*)>& visit_;
  Odb odb_;
  std::set<git_oid, OidLess> seen_;
  std::vector<git_oid> trees_;
};

}  // namespace

void visit_commit(git_repository* repository, const git_oid& commit,
                  const std::function<void(const git_oid&, const char*)>& visit) {
  Visit(repository, Fault::transient, "look at the repository with: git fsck", visit).enter(commit);
}

std::size_t visit_kept(const Store& store, const std::function<void(const git_oid&, const char*)>& visit) {
  Visit walk(store.raw(), Fault::damaged, remedy, visit);
  ReferenceIterator kept;
  if (git_reference_iterator_glob_new(Out(kept), store.raw(), "refs/greenwave/*") < 0) {
    throw failure(Fault::damaged, "list the kept commits", remedy);
  }
  std::size_t found = 0;
  for (;;) {
    Reference reference;
    const int code = git_reference_next(Out(reference), kept.get());
    if (code == GIT_ITEROVER) return found;
    if (code < 0) throw failure(Fault::damaged, "list the kept commits", remedy);
    const auto* commit = git_reference_target(reference.get());
    if (commit != nullptr && walk.enter(*commit)) ++found;
  }
}

}  // namespace greenwave::git
