#include "git/file_upstream.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "git/handle.h"
#include "git/kept_objects.h"
#include "git/library.h"
#include "git/open_repository.h"
#include "git/ref_name.h"
#include "git/signed_tip.h"

namespace greenwave::git {

namespace {

using Oids = std::set<git_oid, OidLess>;

std::vector<std::string> refs_of(git_repository* repository) {
  std::vector<std::string> names;
  ReferenceIterator iterator;
  if (git_reference_iterator_new(Out(iterator), repository) < 0) return names;
  const char* name = nullptr;
  while (git_reference_next_name(&name, iterator.get()) == 0) names.emplace_back(name);
  return names;
}

Error unreadable(const std::string& oid, const std::filesystem::path& path) {
  return failure(Fault::transient, fmt::format("read commit {} of {}", oid, path.native()),
                 "check the repository with: git fsck");
}

/// The commits from `wanted` back to the haves, newest first; only `wanted` if none of its ancestors is one.
std::vector<git_oid> commits_between(git_repository* source, const git_oid& wanted,
                                     const std::vector<CommitId>& haves) {
  Revwalk walk;
  if (git_revwalk_new(Out(walk), source) < 0) return {wanted};
  if (git_revwalk_push(walk.get(), &wanted) < 0) return {wanted};
  bool related = false;
  for (const auto& have : haves) {
    const auto known = to_oid(have);
    related |= git_revwalk_hide(walk.get(), &known) == 0;
  }
  if (!related) return {wanted};
  std::vector<git_oid> commits;
  git_oid next;
  while (git_revwalk_next(&next, walk.get()) == 0) commits.push_back(next);
  return commits;
}

/// So many generations of commits, `start` first.
std::vector<git_oid> generations_from(git_repository* source, const git_oid& start, std::size_t generations) {
  Oids seen{start};
  std::vector<git_oid> commits{start};
  std::size_t next = 0;
  for (std::size_t generation = 1; generation < generations && next < commits.size(); ++generation) {
    for (const auto end = commits.size(); next < end; ++next) {
      RawCommit commit;
      if (git_commit_lookup(Out(commit), source, &commits[next]) < 0) continue;
      for (unsigned i = 0; i < git_commit_parentcount(commit.get()); ++i) {
        const auto& parent = *git_commit_parent_id(commit.get(), i);
        if (seen.insert(parent).second) commits.push_back(parent);
      }
    }
  }
  return commits;
}

/// Of the haves that the repository knows.
Oids objects_of(git_repository* source, const std::vector<CommitId>& haves) {
  Oids known;
  for (const auto& have : haves) {
    RawCommit commit;
    const auto oid = to_oid(have);
    if (git_commit_lookup(Out(commit), source, &oid) < 0) continue;
    visit_commit(source, oid, [&](const git_oid& object, const char*) { known.insert(object); });
  }
  return known;
}

/// What the request is about, without what comes with its haves.
std::vector<git_oid> objects_for(git_repository* source, const FetchRequest& request,
                                 const std::filesystem::path& path) {
  auto known = objects_of(source, request.haves);
  std::vector<git_oid> objects;
  const auto take = [&](const git_oid& oid, const char*) {
    if (known.insert(oid).second) objects.push_back(oid);
  };
  for (const auto& want : request.wants) {
    const auto oid = to_oid(want);
    Object wanted;
    if (git_object_lookup(Out(wanted), source, &oid, GIT_OBJECT_ANY) < 0) throw unreadable(want, path);
    if (git_object_type(wanted.get()) != GIT_OBJECT_COMMIT) {
      take(oid, "");
      continue;
    }
    const auto commits = request.depth > 0 ? generations_from(source, oid, request.depth)
                                           : commits_between(source, oid, request.haves);
    for (const auto& commit : commits) take(commit, "");
    if (!request.bare) visit_commit(source, oid, take);
  }
  return objects;
}

}  // namespace

FileUpstream::FileUpstream(std::filesystem::path path) : path_(std::move(path)) {
  initialize();
}

Tip FileUpstream::poll(const std::vector<std::string>& refs) {
  const auto repository = open_repository(path_);
  Reference found;
  Reference reference;
  std::string name;
  int code = GIT_ENOTFOUND;
  for (auto ref = refs.begin(); code == GIT_ENOTFOUND && ref != refs.end(); ++ref) {
    code = git_reference_lookup(Out(found), repository.get(), ref->c_str());
    name = *ref;
  }
  if (code == GIT_ENOTFOUND) throw no_such_ref(name, refs_of(repository.get()));
  if (code < 0 || git_reference_resolve(Out(reference), found.get()) < 0) {
    throw failure(Fault::invalid, fmt::format("read {} of {}", name, path_.native()),
                  "check it with: git fsck");
  }
  if (name.starts_with("refs/heads/")) {
    return {CommitId(to_hex(*git_reference_target(reference.get()))), name};
  }
  Object commit;
  if (git_reference_peel(Out(commit), reference.get(), GIT_OBJECT_COMMIT) < 0) {
    throw failure(Fault::invalid, fmt::format("find the commit of {} in {}", name, path_.native()),
                  "the followed ref must point to a commit");
  }
  return {CommitId(to_hex(*git_object_id(commit.get()))), name};
}

std::optional<CommitId> FileUpstream::find(const std::string& ref) {
  const auto repository = open_repository(path_);
  Reference found;
  Reference reference;
  if (git_reference_lookup(Out(found), repository.get(), ref.c_str()) < 0) return {};
  if (git_reference_resolve(Out(reference), found.get()) < 0) return {};
  return CommitId(to_hex(*git_reference_target(reference.get())));
}

StatedTip FileUpstream::stated_tip(const std::vector<std::string>& refs) {
  for (const auto& ref : refs) {
    const auto file = tips_beside(path_) / ref;
    std::error_code error;
    if (std::filesystem::is_regular_file(file, error)) return {ref, read_file(file, most_tip)};
  }
  throw no_signed_tip(refs);
}

bool FileUpstream::fetch(const FetchRequest& request, Landing& landing) {
  const auto source = open_repository(path_);
  auto objects = objects_for(source.get(), request, path_);
  Odb odb;
  if (git_repository_odb(Out(odb), source.get()) < 0) throw unreadable(request.wants.front(), path_);
  leave_out_large(odb.get(), objects);
  landing.objects.expect(static_cast<std::uint32_t>(objects.size()));
  for (const auto& oid : objects) {
    OdbObject object;
    if (git_odb_read(Out(object), odb.get(), &oid) < 0) throw unreadable(request.wants.front(), path_);
    const std::string_view content(static_cast<const char*>(git_odb_object_data(object.get())),
                                   git_odb_object_size(object.get()));
    received_ += content.size();
    if (progress_ != nullptr) progress_->receive(content.size());
    landing.objects.add(git_odb_object_type(object.get()), content);
  }
  landing.objects.finish();
  return true;
}

}  // namespace greenwave::git
