#pragma once

#include <string>

#include "git/store.h"

namespace greenwave::git {

enum class Move {
  same,
  forward,   ///< the new commit has the old one among its ancestors
  reset,     ///< it hasn't, but it or an ancestor of it says by a trailer that the old one is given up
  backward,  ///< it is itself an ancestor of the old one
  sideways,  ///< none of these
  unknown,   ///< the store lacks ancestors of the new commit, so it can't be told
};

struct MoveVerdict {
  Move move = Move::unknown;
  std::string
      reset_by;  ///< for `reset`: the commit with the trailer, whose signature must be checked as well
};

/// How the followed ref moved from the commit that was last accepted to the one that it names now. Both must
/// be in the store, and `to` verified: a signature covers all ancestors, so that what is found among them can
/// be relied on.
///
/// Who gives up commits on purpose (a force push) writes into the new commit, as a trailer (see
/// git-interpret-trailers), a line for each commit that a device may be at:
///
///     Greenwave-Reset: 3f786850e387550fdab836ed7e6dc881de23001b
///
/// with the full name. It counts wherever it stands between `to` and what both have in common, so that a
/// device that was off during the reset, and comes back some commits later, follows as well.
///
/// In a store without the whole history (depth 1) the walk may end at a commit whose parents are missing:
/// `unknown`. The caller then fetches the commits in between and asks again, and refuses the move if it
/// still can't be told. The walk goes through 50,000 commits at most, newest first.
MoveVerdict judge_move(const Store& store, const std::string& from, const std::string& to);

/// Throws Error (untrusted) unless the ref may move like this: same, forward, reset.
void require_allowed(const MoveVerdict& verdict, const std::string& from, const std::string& to);

}  // namespace greenwave::git
