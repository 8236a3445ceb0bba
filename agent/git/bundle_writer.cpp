#include "git/bundle_writer.h"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "config/ref_name.h"
#include "git/bundle_header.h"
#include "git/commit_tree.h"
#include "git/file_transport.h"
#include "git/handle.h"
#include "git/library.h"
#include "git/open_repository.h"
#include "git/ref_name.h"

namespace greenwave::git {

namespace {

Error unreadable(const BundleOrder& order) {
  return failure(Fault::invalid, fmt::format("read the repository {}", order.repository.native()),
                 "check it with: git fsck");
}

CommitId resolve(git_repository* repository, const BundleOrder& order) {
  Object found;
  Object commit;
  bool good = git_revparse_single(Out(found), repository, order.since.c_str()) == 0;
  good = good && git_object_peel(Out(commit), found.get(), GIT_OBJECT_COMMIT) == 0;
  if (!good) {
    throw failure(Fault::invalid,
                  fmt::format("find the commit {} in {}", order.since, order.repository.native()),
                  "fetch it, or leave it out: the bundle then has no prerequisites");
  }
  return CommitId(to_hex(*git_object_id(commit.get())));
}

/// The names of the trees and files of a commit that `visit` reads.
std::set<std::string> names_read(git_repository* repository, const CommitId& commit, const BundleOrder& order,
                                 const Visit& visit) {
  const auto oid = to_oid(commit);
  RawCommit raw;
  if (git_commit_lookup(Out(raw), repository, &oid) < 0) throw unreadable(order);
  CommitTree tree(repository, *git_commit_tree_id(raw.get()), order.path, nullptr);
  std::set<std::string> names;
  tree.note_into(names);
  visit(tree);
  return names;
}

int append(void* bytes, std::size_t size, void* text) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), size);
  return 0;
}

}  // namespace

WrittenBundle write_bundle(const BundleOrder& order, const Visit& visit, const std::filesystem::path& file) {
  const std::atomic<bool> never{false};
  const auto ref = full_ref_name(order.branch);
  WrittenBundle written;
  written.commit = FileTransport(order.repository, ref, never).poll();
  const auto repository = open_repository(order.repository);
  const auto since = order.since.empty() ? CommitId() : resolve(repository.get(), order);

  auto names = names_read(repository.get(), written.commit, order, visit);
  if (!since.empty()) {
    for (const auto& name : names_read(repository.get(), since, order, visit)) names.erase(name);
  }
  PackBuilder builder;
  Revwalk walk;
  if (git_packbuilder_new(Out(builder), repository.get()) < 0 ||
      git_revwalk_new(Out(walk), repository.get()) < 0) {
    throw unreadable(order);
  }
  const auto insert = [&](const git_oid& oid) {
    if (git_packbuilder_insert(builder.get(), &oid, nullptr) < 0) throw unreadable(order);
  };
  const auto tip = to_oid(written.commit);
  if (git_revwalk_push(walk.get(), &tip) < 0) throw unreadable(order);
  if (!since.empty()) {
    const auto known = to_oid(since);
    if (git_revwalk_hide(walk.get(), &known) < 0) throw unreadable(order);
  }
  const Visit visit_guarded = [&order](const SourceTree& tree) {
    for (const auto& path : order.guarded) tree.find(path);
  };
  for (git_oid oid{}; git_revwalk_next(&oid, walk.get()) == 0; ++written.commits) {
    insert(oid);
    if (!order.guarded.empty())
      names.merge(names_read(repository.get(), CommitId(to_hex(oid)), order, visit_guarded));
  }
  if (written.commits == 0) {
    throw Error(Fault::invalid, fmt::format("{} has nothing newer than {}", ref, order.since),
                "the device already has everything");
  }
  for (const auto& name : names) insert(to_oid(name));

  // "filter" tells git that the bundle is incomplete on purpose.
  std::string bytes = "# v3 git bundle\n@object-format=sha1\n@filter=tree:0\n";
  if (!since.empty()) bytes += fmt::format("-{}\n", since.text());
  bytes += fmt::format("{} {}\n", written.commit.text(), ref);
  if (const auto made_for = std::string(device_ref) + order.device; config::is_ref_name(made_for)) {
    bytes += fmt::format("{} {}\n", written.commit.text(), made_for);
  }
  bytes += '\n';
  if (git_packbuilder_foreach(builder.get(), append, &bytes) < 0) throw unreadable(order);
  replace_file(file, bytes);
  written.objects = git_packbuilder_object_count(builder.get());
  written.bytes = bytes.size();
  return written;
}

}  // namespace greenwave::git
