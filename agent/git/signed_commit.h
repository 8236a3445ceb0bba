#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace greenwave::git {

/// A commit object, split as git splits it to check a signature.
///
/// A signed commit has one form in which it is accepted, so that only its signer can give it another id:
///
///     tree, parent…, author, committer, other headers, gpgsig
///
/// with nothing outside `payload` but gpgsig, and in that the armor that ssh-keygen writes (see sshsig.h).
/// put_together() is that form. What is left is ECDSA, where r, s and r, -s are signatures of the same:
/// CommitIdentity makes that harmless.
struct SignedCommit {
  std::string payload;    ///< what was signed: the object without its gpgsig header
  std::string signature;  ///< armored; empty: the commit is not signed
  std::string committer;  ///< e-mail address
  Time time{};            ///< the committer's time
};

/// Splits the bytes of a commit object (as `git cat-file commit` prints them). The headers must be in git's
/// order (tree, parent…, author, committer, others): rejects an object that another reader could read
/// differently from what was signed. Whether the signature is where it must be is for the caller to compare.
/// Throws Error (invalid).
SignedCommit take_apart(std::string_view object);

/// The commit object that has this payload and signature.
std::string put_together(const SignedCommit& commit);

}  // namespace greenwave::git
