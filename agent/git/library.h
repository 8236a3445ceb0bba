#pragma once

#include <string>
#include <string_view>

#include <git2.h>

#include "base/error.h"
#include "model/commit_id.h"

namespace greenwave::git {

/// Remedy for a store that cannot be read: what the agent does about it.
inline constexpr std::string_view damaged_store_remedy = "the store is set aside and fetched again";

/// While one exists, libgit2 syncs each file that it writes, on every thread; otherwise none.
class Durably {
 public:
  Durably();
  ~Durably();
  Durably(const Durably&) = delete;
  Durably& operator=(const Durably&) = delete;
};

/// libgit2's message for its last failure on this thread: printable, never empty.
std::string last_message();

/// libgit2's last failure as an Error: transient where the disk is full or memory is short, else `fault`.
Error failure(Fault fault, std::string_view action, std::string_view remedy = {});

/// An object's id in hexadecimal.
std::string to_hex(const git_oid& oid);

/// Throws Error (invalid) unless `hex` is 40 hexadecimal digits.
git_oid to_oid(std::string_view hex);
git_oid to_oid(const CommitId& commit);

}  // namespace greenwave::git
