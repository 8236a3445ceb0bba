#include "git/file_transport.h"

#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "git/handle.h"
#include "git/kept_objects.h"
#include "git/library.h"
#include "git/open_repository.h"
#include "git/pack_sink.h"
#include "git/pack_writer.h"
#include "git/ref_name.h"

namespace greenwave::git {

namespace {

std::vector<std::string> refs_of(git_repository* repository) {
  std::vector<std::string> names;
  ReferenceIterator iterator;
  if (git_reference_iterator_new(Out(iterator), repository) < 0) return names;
  const char* name = nullptr;
  while (git_reference_next_name(&name, iterator.get()) == 0) names.emplace_back(name);
  return names;
}

Error unreadable(const CommitId& commit, const std::filesystem::path& path) {
  return failure(Fault::transient, fmt::format("read commit {} of {}", commit.text(), path.native()),
                 "check the repository with: git fsck");
}

/// The commits from `wanted` back to those that the store keeps, newest first; only `wanted` if none of its
/// ancestors is kept.
std::vector<git_oid> commits_since_kept(git_repository* source, const git_oid& wanted, const Store& store) {
  Revwalk walk;
  if (git_revwalk_new(Out(walk), source) < 0) return {wanted};
  if (git_revwalk_push(walk.get(), &wanted) < 0) return {wanted};
  bool related = false;
  for (const auto& kept : store.kept()) {
    const auto known = to_oid(kept);
    related |= git_revwalk_hide(walk.get(), &known) == 0;
  }
  if (!related) return {wanted};
  std::vector<git_oid> commits;
  git_oid next;
  while (git_revwalk_next(&next, walk.get()) == 0) commits.push_back(next);
  return commits;
}

/// What the store lacks of the commit, and of the history between it and the kept commits.
std::vector<git_oid> lacking(git_repository* source, const git_oid& wanted, const Store& store) {
  auto objects = commits_since_kept(source, wanted, store);
  // The wanted commit comes with its files.
  std::erase_if(objects, [&](const git_oid& oid) { return git_oid_equal(&oid, &wanted) != 0; });
  Odb odb;
  if (git_repository_odb(Out(odb), store.raw()) < 0) {
    throw failure(Fault::damaged, "read the store", damaged_store_remedy);
  }
  visit_commit(source, wanted, [&](const git_oid& oid, const char*) {
    if (git_odb_exists_ext(odb.get(), &oid, GIT_ODB_LOOKUP_NO_REFRESH) != 1) objects.push_back(oid);
  });
  return objects;
}

}  // namespace

FileTransport::FileTransport(std::filesystem::path path, std::string ref, const std::atomic<bool>& stop)
    : path_(std::move(path)), stop_(stop) {
  initialize();
  follow({std::move(ref)});
}

CommitId FileTransport::poll() {
  const auto repository = open_repository(path_);
  Reference found;
  Reference reference;
  int code = GIT_ENOTFOUND;
  for (auto ref = refs_.begin(); code == GIT_ENOTFOUND && ref != refs_.end(); ++ref) {
    code = git_reference_lookup(Out(found), repository.get(), ref->c_str());
    found_ = *ref;
  }
  if (code == GIT_ENOTFOUND) throw no_such_ref(found_, refs_of(repository.get()));
  if (code < 0 || git_reference_resolve(Out(reference), found.get()) < 0) {
    throw failure(Fault::invalid, fmt::format("read {} of {}", found_, path_.native()),
                  "check it with: git fsck");
  }
  if (found_.starts_with("refs/heads/")) return CommitId(to_hex(*git_reference_target(reference.get())));
  Object commit;
  if (git_reference_peel(Out(commit), reference.get(), GIT_OBJECT_COMMIT) < 0) {
    throw failure(Fault::invalid, fmt::format("find the commit of {} in {}", found_, path_.native()),
                  "the followed ref must point to a commit");
  }
  return CommitId(to_hex(*git_object_id(commit.get())));
}

void FileTransport::fetch(const CommitId& commit, Store& store, const Visit&) {
  if (store.has(commit)) return;
  const ShownFetch shown(progress_);
  shown.begin(commit);
  const auto source = open_repository(path_);
  const auto objects = lacking(source.get(), to_oid(commit), store);
  Odb odb;
  if (git_repository_odb(Out(odb), source.get()) < 0) throw unreadable(commit, path_);
  PackSink sink(store, stop_, {}, {}, progress_);
  PackWriter pack(static_cast<std::uint32_t>(objects.size()), [&](std::string_view bytes) {
    shown.receive(bytes.size());
    sink.append(bytes);
  });
  for (const auto& oid : objects) {
    OdbObject object;
    if (git_odb_read(Out(object), odb.get(), &oid) < 0) throw unreadable(commit, path_);
    pack.add(git_odb_object_type(object.get()), {static_cast<const char*>(git_odb_object_data(object.get())),
                                                 git_odb_object_size(object.get())});
  }
  pack.finish();
  sink.finish();
  received_ += sink.bytes();
}

}  // namespace greenwave::git
