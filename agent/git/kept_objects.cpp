#include "git/kept_objects.h"

#include <set>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "git/handle.h"
#include "git/library.h"

namespace greenwave::git {

namespace {

constexpr std::size_t most_between = 10'000;

class ObjectWalk {
 public:
  ObjectWalk(git_repository* repository, Fault fault, std::string_view what_helps,
             const std::function<void(const git_oid&, const char*)>& visit)
      : repository_(repository), fault_(fault), remedy_(what_helps), visit_(visit) {
    const auto fail = [&] { return failure(fault_, "read the database of objects", remedy_); };
    if (git_repository_odb(Out(odb_), repository_) < 0) throw fail();
    if (git_odb_refresh(odb_.get()) < 0) throw fail();
  }

  /// Whether everything that the entered commits need is there.
  bool whole() const { return whole_; }

  bool enter(const git_oid& commit) {
    const bool present = is_there(commit);
    enter_commit(commit);
    return present;
  }

  /// The commits, without their files, between one of `kept` and another.
  void enter_between(const std::set<git_oid, OidLess>& kept) {
    for (const auto& commit : kept) enter_ancestors(commit, kept);
  }

 private:
  bool is_there(const git_oid& oid) const {
    // A miss must not make libgit2 search the disk again: a partial store has thousands of them.
    return git_odb_exists_ext(odb_.get(), &oid, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
  }

  bool is_new(const git_oid& oid, const char* name) {
    if (!seen_.insert(oid).second) return false;
    if (!is_there(oid)) {
      whole_ = false;
      return false;
    }
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

  void enter_ancestors(const git_oid& from, const std::set<git_oid, OidLess>& kept) {
    std::set<git_oid, OidLess> passed;
    std::vector<git_oid> waiting{from};
    bool arrived = false;
    while (!waiting.empty() && passed.size() < most_between) {
      const auto oid = waiting.back();
      waiting.pop_back();
      if (!is_there(oid)) continue;
      RawCommit commit;
      if (git_commit_lookup(Out(commit), repository_, &oid) < 0) throw unreadable(oid);
      for (unsigned i = 0; i < git_commit_parentcount(commit.get()); ++i) {
        const auto& parent = *git_commit_parent_id(commit.get(), i);
        if (kept.contains(parent)) {
          arrived = true;
        } else if (passed.insert(parent).second) {
          waiting.push_back(parent);
        }
      }
    }
    if (!arrived) return;
    for (const auto& oid : passed) is_new(oid, "");
  }

  void enter_tree(const git_oid& oid) {
    Tree tree;
    if (git_tree_lookup(Out(tree), repository_, &oid) < 0) throw unreadable(oid);
    for (std::size_t i = 0; i < git_tree_entrycount(tree.get()); ++i) {
      const auto* entry = git_tree_entry_byindex(tree.get(), i);
      const auto type = git_tree_entry_type(entry);
      if (type == GIT_OBJECT_COMMIT) continue;  // a submodule's commit is in another repository
      const auto& below = *git_tree_entry_id(entry);
      if (is_new(below, git_tree_entry_name(entry)) && type == GIT_OBJECT_TREE) trees_.push_back(below);
    }
  }

  git_repository* repository_;
  Fault fault_;
  std::string_view remedy_;
  const std::function<void(const git_oid&, const char*)>& visit_;
  Odb odb_;
  std::set<git_oid, OidLess> seen_;
  std::vector<git_oid> trees_;
  bool whole_ = true;
};

}  // namespace

void visit_commit(git_repository* repository, const git_oid& commit,
                  const std::function<void(const git_oid&, const char*)>& visit) {
  ObjectWalk(repository, Fault::transient, "check the repository with: git fsck", visit).enter(commit);
}

std::size_t visit_kept(const Store& store, const std::function<void(const git_oid&, const char*)>& visit) {
  ObjectWalk walk(store.raw(), Fault::damaged, damaged_store_remedy, visit);
  ReferenceIterator kept;
  if (git_reference_iterator_glob_new(Out(kept), store.raw(), "refs/greenwave/*") < 0) {
    throw failure(Fault::damaged, "list the kept commits", damaged_store_remedy);
  }
  std::size_t found = 0;
  std::set<git_oid, OidLess> commits;
  for (;;) {
    Reference reference;
    const int code = git_reference_next(Out(reference), kept.get());
    if (code == GIT_ITEROVER) break;
    if (code < 0) throw failure(Fault::damaged, "list the kept commits", damaged_store_remedy);
    const auto* commit = git_reference_target(reference.get());
    if (commit == nullptr) continue;
    commits.insert(*commit);
    if (walk.enter(*commit)) ++found;
  }
  walk.enter_between(commits);
  return found;
}

bool holds_all(const Store& store, const CommitId& commit) {
  const std::function<void(const git_oid&, const char*)> nothing = [](const git_oid&, const char*) {};
  ObjectWalk walk(store.raw(), Fault::damaged, damaged_store_remedy, nothing);
  walk.enter(to_oid(commit));
  return walk.whole();
}

}  // namespace greenwave::git
