#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/commit_id.h"

namespace greenwave::git {

/// An annotated tag, split as git splits it to check a signature:
///
///     object COMMIT, type commit, tag NAME, tagger
///
///     MESSAGE
///     SIGNATURE
///
/// The signature is the last thing in it, and covers everything before.
struct SignedTag {
  std::string payload;    ///< what was signed
  std::string signature;  ///< armored; empty: the tag is not signed
  CommitId commit;        ///< that it is on
  std::string name;       ///< "greenwave/3f78…", without refs/tags/
  std::string message;    ///< without the signature
  std::string tagger;     ///< e-mail address
  Time time{};            ///< the tagger's time
};

/// Splits the bytes of a tag object (as `git cat-file tag` prints them). A tag on anything but a commit is
/// refused: one on another tag, above all. Throws Error (invalid).
SignedTag take_tag_apart(std::string_view object);

/// The full name of the tag that may vouch for a commit: whoever makes it knows what it is called, and
/// whoever looks for it asks for this one alone.
std::string vouching_ref(const CommitId& commit);

/// A longer tag object is not read.
inline constexpr std::size_t most_tag_object = 64 * 1024;

}  // namespace greenwave::git
