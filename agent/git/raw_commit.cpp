#include "git/raw_commit.h"

#include <fmt/format.h>
#include <git2.h>

#include "base/error.h"
#include "base/text.h"
#include "git/handle.h"

namespace greenwave::git {

namespace {

constexpr std::size_t most_bytes = 1024 * 1024;

Error damaged(const std::string& commit) {
  const auto* error = git_error_last();
  return Error(Fault::damaged, fmt::format("commit {} cannot be read from the store: {}", commit,
                                           error != nullptr ? printable(error->message) : "no reason given"));
}

}  // namespace

std::optional<std::string> find_raw_commit(const Store& store, const std::string& commit) {
  git_oid oid;
  if (git_oid_fromstr(&oid, commit.c_str()) != 0) {
    throw Error(Fault::invalid, fmt::format("\"{}\" is not the id of a commit", printable(commit)));
  }
  git_odb* raw_odb = nullptr;
  if (git_repository_odb(&raw_odb, store.raw()) != 0) throw damaged(commit);
  const Odb odb(raw_odb);
  if (git_odb_exists_ext(odb.get(), &oid, GIT_ODB_LOOKUP_NO_REFRESH) != 1) return {};
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  if (git_odb_read_header(&size, &type, odb.get(), &oid) != 0) throw damaged(commit);
  if (type != GIT_OBJECT_COMMIT) {
    throw Error(Fault::invalid,
                fmt::format("{} is not a commit but a {}", commit, git_object_type2string(type)),
                "follow a branch instead of a tag");
  }
  if (size > most_bytes) {
    throw Error(Fault::untrusted, fmt::format("commit {} has a header and message of {}, more than {}",
                                              commit, bytes_in_words(size), bytes_in_words(most_bytes)));
  }
  git_odb_object* raw_object = nullptr;
  if (git_odb_read(&raw_object, odb.get(), &oid) != 0) throw damaged(commit);
  const OdbObject object(raw_object);
  return std::string(static_cast<const char*>(git_odb_object_data(object.get())),
                     git_odb_object_size(object.get()));
}

std::string read_raw_commit(const Store& store, const std::string& commit) {
  auto object = find_raw_commit(store, commit);
  if (!object) throw Error(Fault::damaged, fmt::format("commit {} is missing from the store", commit));
  return std::move(*object);
}

}  // namespace greenwave::git
