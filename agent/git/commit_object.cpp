#include "git/commit_object.h"

#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "git/handle.h"
#include "git/library.h"
#include "git/signed_tag.h"

namespace greenwave::git {

namespace {

struct Wanted {
  git_object_t type;
  std::string_view name;
  std::size_t most;
};

std::string read_object(git_repository* repository, const CommitId& id, const Wanted& wanted) {
  const auto damaged = [&] {
    return failure(Fault::damaged, fmt::format("read {} {}", wanted.name, id.text()), damaged_store_remedy);
  };
  const auto oid = to_oid(id);
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  Odb odb;
  if (git_repository_odb(Out(odb), repository) < 0) throw damaged();
  if (git_odb_read_header(&size, &type, odb.get(), &oid) < 0) throw damaged();
  if (type != wanted.type || size > wanted.most) {
    throw Error(
        Fault::untrusted,
        fmt::format("{} is not {} {} of at most {}", id.text(), wanted.type == GIT_OBJECT_TAG ? "an" : "a",
                    wanted.name, bytes_in_words(wanted.most)),
        fmt::format("the ref must point to {} with a shorter message", wanted.name));
  }
  OdbObject object;
  if (git_odb_read(Out(object), odb.get(), &oid) < 0) throw damaged();
  return {static_cast<const char*>(git_odb_object_data(object.get())), git_odb_object_size(object.get())};
}

}  // namespace

std::string read_commit_object(const Store& store, const CommitId& commit) {
  return read_commit_object(store.raw(), commit);
}

std::string read_commit_object(git_repository* repository, const CommitId& commit) {
  return read_object(repository, commit, {GIT_OBJECT_COMMIT, "commit", most_commit_object});
}

std::string read_tag_object(const Store& store, const CommitId& tag) {
  return read_object(store.raw(), tag, {GIT_OBJECT_TAG, "annotated tag", most_tag_object});
}

}  // namespace greenwave::git
