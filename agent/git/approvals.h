#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/path_rules.h"
#include "git/history.h"
#include "git/kept_objects.h"
#include "git/store.h"
#include "git/trust.h"

namespace greenwave::git {

/// Who vouches for what a commit has at a rule's path.
struct PathApproval {
  enum class Change { added, changed, removed, first };  ///< first: nothing to compare with

  config::PathRule rule;
  Change change = Change::changed;
  std::vector<std::string> vouched{};  ///< of the rule's signers, sorted
  std::vector<std::string> could{};    ///< those who have not, and have a key

  std::size_t missing() const { return rule.threshold - std::min(rule.threshold, vouched.size()); }
};

/// What is asked: may a device go from `accepted` to `tip`?
struct Step {
  CommitId accepted{};  ///< what it accepted last; empty: nothing yet
  CommitId tip{};
  CommitId reset_by{};      ///< MoveVerdict::reset_by
  std::string directory{};  ///< the cluster's, in the repository
};

/// Finds out who approved what a step changes at the paths of rules.
///
/// A signer vouches for a path by signing a commit, any commit, since which the path's tree entry has not
/// changed: no tool of ours is needed. Precisely, for a step to B, whose entry at the path is e, a signature
/// on C vouches if
///
///   1. C is B or an ancestor of it, and has e, and so has every commit of B's history that descends from C;
///   2. some way down from C through such commits leads to one that has another parent entry than e, or none:
///      where e was introduced. So a commit on an old branch does not vouch for what the branch only took
///      from its history and the main line changed since, although a merge may bring that back;
///   3. the file of allowed signers allows it now, as Trust::verify() has it, by a line with the signer's
///   name.
///
/// One person counts once: with two keys, and with a key that several names share.
///
/// A device that has nothing to compare with cannot know what was changed back: there every commit counts
/// that has e, if those above it have it too, as far as the history is there.
///
/// Works on what the repository has, and says what it lacks. What only a repository that is there in part
/// lacks may be brought between two calls of judge().
class Approvals {
 public:
  /// All must outlive this.
  Approvals(git_repository* repository, const Trust& trust, const std::vector<config::PathRule>& rules,
            Step step);

  /// The rules whose path the step changes. Throws Error (damaged).
  std::vector<PathApproval> judge();

  /// The directories that the last judge() lacked, some of them first.
  const Missing& wanted() const { return wanted_; }
  /// Whether more of the history might show more approvals.
  bool lacks_history() const { return !history_ || !history_->is_whole; }
  bool is_too_long() const { return history_ && history_->is_too_long; }
  /// To be called when more of the history has come.
  void read_history_again() { history_.reset(); }

 private:
  class PathWalk;
  using Item = std::optional<SourceTree::Item>;

  /// What a tree has at a path; false if that is not known: a directory is missing.
  bool look(const git_oid& tree, const std::string& path, Item& found);
  PathApproval judge(const config::PathRule& rule, PathApproval::Change change, const Item& entry);
  bool look_at(const CommitId& commit, const std::string& path, Item& found);
  bool has_commit(const CommitId& commit) const;
  bool verifies(const git_oid& commit);

  git_repository* repository_;
  const Trust& trust_;
  const std::vector<config::PathRule>& rules_;
  Step step_;
  std::optional<History> history_;
  std::map<git_oid, bool, OidLess> verified_;
  std::size_t ahead_ = 0;  ///< how many directories to want at once
  Missing wanted_;
};

/// Warnings about signers of the rules who have no key, and rules that nobody can meet any more. No error:
/// who takes a lost key out of the file must not stop the device.
Problems check_signers(const std::vector<config::PathRule>& rules, const Trust& trust);

/// What a commit lacks: "changes base, which 2 of ana@…, bo@… must approve: ana@… did, 1 more needed, from
/// bo@…"; empty: nothing.
std::string missing_approvals(const std::vector<PathApproval>& approvals);

}  // namespace greenwave::git
