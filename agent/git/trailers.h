#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "git/store.h"

struct git_commit;

namespace greenwave::git {

/// The values of the trailers with this key, in any case, at the end of a commit's message
/// (git-interpret-trailers(1)), without the white space around them.
std::vector<std::string> trailers_of(const git_commit* commit, std::string_view key);

/// Throws Error (untrusted) unless the commit says in a trailer that it is for `ref`, a full name:
///
///     Greenwave-Ref: refs/heads/main
///
/// A signature says nothing of the branch, so that whoever serves a ref could serve any signed commit there.
/// The trailer counts in the commit itself alone; with several, each says one ref.
void require_for_ref(const Store& store, const CommitId& commit, const std::string& ref);
/// The same of a message that somebody signed instead of the commit's: that of a tag on it.
void require_for_ref(const std::string& message, const CommitId& commit, const std::string& ref);

}  // namespace greenwave::git
