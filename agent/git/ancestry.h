#pragma once

#include <string>

#include "git/store.h"

namespace greenwave::git {

/// What counts is the CommitIdentity: a signed commit whose signature is written in another way is the same.
enum class Move {
  same,      ///< the id may differ
  forward,   ///< the old commit is an ancestor of the new one
  reset,     ///< it is not, but a trailer of the new one or its ancestors abandons the old one
  backward,  ///< the new commit is an ancestor of the old one
  sideways,  ///< none of these
  unknown,   ///< the store lacks ancestors of the new commit, so the answer is not known
};

struct MoveVerdict {
  Move move = Move::unknown;
  CommitId reset_by{};  ///< for `reset`: the commit with the trailer, whose signature must be checked as well
};

/// How the followed ref moved from the last accepted commit to the one that it names now. Both must be in
/// the store, and `to` must be verified: its signature covers all its ancestors, so what they say can be
/// trusted.
///
/// To abandon commits on purpose (a force push), write a trailer (see git-interpret-trailers) into the new
/// commit, with one line for each commit that a device may be at:
///
///     Greenwave-Reset: 3f786850e387550fdab836ed7e6dc881de23001b
///
/// with the full name. The trailer counts in every commit between `to` and the common ancestor, so that a
/// device that was off during the reset, and comes back some commits later, follows too.
///
/// In a store without the full history (depth 1) the walk may end at a commit whose parents are missing:
/// `unknown`. The caller then fetches the commits in between and asks again, and rejects the move if the
/// answer is still unknown. The walk visits at most 50,000 commits, newest first.
MoveVerdict judge_move(const Store& store, const CommitId& from, const CommitId& to);

/// Throws Error (untrusted) unless the move is allowed: same, forward or reset.
void require_allowed(const MoveVerdict& verdict, const CommitId& from, const CommitId& to);

/// Throws Error (untrusted) if `to` is an ancestor of `from`, or is not known to descend from it and was
/// committed earlier. Both must be in the store; an empty `from`, or one that it lacks, allows everything.
void require_not_older(const Store& store, const CommitId& from, const CommitId& to);

}  // namespace greenwave::git
