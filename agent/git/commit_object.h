#pragma once

#include <cstddef>
#include <string>

#include "git/store.h"

namespace greenwave::git {

/// A longer commit object is not read.
inline constexpr std::size_t most_commit_object = 1024 * 1024;

/// The bytes of a commit object; libgit2 verifies that their hash is the commit's id. Throws Error: damaged
/// when the store cannot read it, untrusted when it is not a commit or longer than most_commit_object.
std::string read_commit_object(const Store& store, const CommitId& commit);
std::string read_commit_object(git_repository* repository, const CommitId& commit);
/// The same of an annotated tag, of at most most_tag_object bytes; `tag` is its own id.
std::string read_tag_object(const Store& store, const CommitId& tag);

}  // namespace greenwave::git
