#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace greenwave::git {

/// A commit object taken apart as git does it before it checks a signature.
struct SignedCommit {
  std::string payload;    ///< what was signed: the object without its gpgsig header
  std::string signature;  ///< armored; empty: the commit is not signed
  std::string committer;  ///< e-mail address
  Time time{};            ///< when it was committed, as the committer says
};

/// Takes the bytes of a commit object (as `git cat-file commit` prints them). The headers must stand in git's
/// order (tree, parent…, author, committer, others): an object that another reader could read in another way
/// than the one its signature was made over is refused. Throws Error (invalid).
SignedCommit take_apart(std::string_view object);

}  // namespace greenwave::git
