#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace greenwave::git {

/// A commit object, split as git splits it to check a signature.
struct SignedCommit {
  std::string payload;    ///< what was signed: the object without its gpgsig header
  std::string signature;  ///< armored; empty: the commit is not signed
  std::string committer;  ///< e-mail address
  Time time{};            ///< the committer's time
};

/// Splits the bytes of a commit object (as `git cat-file commit` prints them). The headers must be in git's
/// order (tree, parent…, author, committer, others): rejects an object that another reader could read
/// differently from what was signed. Throws Error (invalid).
SignedCommit take_apart(std::string_view object);

}  // namespace greenwave::git
