#include "git/commit_object.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "git/handle.h"
#include "git/library.h"

namespace greenwave::git {

std::string read_commit_object(const Store& store, const CommitId& commit) {
  return read_commit_object(store.raw(), commit);
}

std::string read_commit_object(git_repository* repository, const CommitId& commit) {
  const auto damaged = [&] {
    return failure(Fault::damaged, fmt::format("read commit {}", commit.text()), damaged_store_remedy);
  };
  const auto oid = to_oid(commit);
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  Odb odb;
  if (git_repository_odb(Out(odb), repository) < 0) throw damaged();
  if (git_odb_read_header(&size, &type, odb.get(), &oid) < 0) throw damaged();
  if (type != GIT_OBJECT_COMMIT || size > most_commit_object) {
    throw Error(
        Fault::untrusted,
        fmt::format("{} is not a commit of at most {}", commit.text(), bytes_in_words(most_commit_object)),
        "the followed ref must point to a commit with a shorter message");
  }
  OdbObject object;
  if (git_odb_read(Out(object), odb.get(), &oid) < 0) throw damaged();
  return {static_cast<const char*>(git_odb_object_data(object.get())), git_odb_object_size(object.get())};
}

}  // namespace greenwave::git
