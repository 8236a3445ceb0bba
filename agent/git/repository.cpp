#include "git/repository.h"

#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "git/commit_tree.h"
#include "git/handle.h"
#include "git/library.h"

namespace greenwave::git {

namespace {

namespace fs = std::filesystem;

std::string hash(std::string_view bytes, git_object_t type) {
  initialize();
  git_oid oid{};
  if (git_odb_hash(&oid, bytes.data(), bytes.size(), type) < 0) throw failure(Fault::internal, "hash a file");
  return to_hex(oid);
}

/// gitformat-index(5) lists the modes.
const char* mode_of(SourceTree::Type type) {
  switch (type) {
    case SourceTree::Type::directory:
      return "40000";
    case SourceTree::Type::executable:
      return "100755";
    case SourceTree::Type::link:
      return "120000";
    default:
      return "100644";
  }
}

}  // namespace

std::string prefix_in(git_repository* repository, const fs::path& inside) {
  const char* top = git_repository_workdir(repository);
  if (top == nullptr) return {};
  const auto below = fs::weakly_canonical(inside).lexically_relative(fs::weakly_canonical(top));
  const auto text = below.generic_string();
  return text == "." || text.starts_with("..") ? std::string() : text;
}

Repository::Repository(const fs::path& inside) {
  initialize();
  RawRepository opened;
  if (git_repository_open_ext(Out(opened), inside.c_str(), 0, nullptr) < 0) {
    throw Error(Fault::invalid, fmt::format("{} is not a git repository", printable(inside.native())),
                "run this in a checkout of the city's repository, or name one");
  }
  repository_ = opened.release();
  prefix_ = prefix_in(repository_, inside);
}

Repository::~Repository() {
  const RawRepository closed(repository_);
}

std::vector<std::string> Repository::names() const {
  std::vector<std::string> names;
  ReferenceIterator references;
  if (git_reference_iterator_new(Out(references), repository_) < 0) return names;
  const char* name = nullptr;
  while (names.size() < 1000 && git_reference_next_name(&name, references.get()) == 0) {
    std::string_view text = name;
    for (const std::string_view start : {"refs/heads/", "refs/tags/", "refs/remotes/"}) {
      if (text.starts_with(start)) names.emplace_back(text.substr(start.size()));
    }
  }
  return names;
}

CommitId Repository::resolve(const std::string& revision) const {
  Object found;
  Object commit;
  const int code = git_revparse_single(Out(found), repository_, revision.c_str());
  if (code < 0 || git_object_peel(Out(commit), found.get(), GIT_OBJECT_COMMIT) < 0) {
    const auto near = nearest(revision, names());
    throw Error(Fault::invalid, fmt::format("the repository has no commit {}", printable(revision)),
                near.empty() ? "name a branch, a tag, or a commit; `git fetch` gets those of the server"
                             : fmt::format("did you mean {}?", printable(near)));
  }
  return CommitId(to_hex(*git_object_id(commit.get())));
}

CommitId Repository::merge_base(const CommitId& one, const CommitId& other) const {
  const git_oid first = to_oid(one);
  const git_oid second = to_oid(other);
  git_oid base{};
  if (git_merge_base(&base, repository_, &first, &second) < 0) {
    throw Error(Fault::invalid,
                fmt::format("{} and {} have no common ancestor here", one.shortened(), other.shortened()),
                "fetch the whole history (`git fetch --unshallow`), or write two dots instead of three");
  }
  return CommitId(to_hex(base));
}

std::unique_ptr<SourceTree> Repository::tree(const CommitId& commit, const std::string& path) const {
  const git_oid oid = to_oid(commit);
  RawCommit raw;
  if (git_commit_lookup(Out(raw), repository_, &oid) < 0) {
    throw failure(Fault::damaged, fmt::format("read the commit {}", commit.text()), "run git fsck");
  }
  auto tree = std::make_unique<CommitTree>(repository_, *git_commit_tree_id(raw.get()), path, nullptr);
  const auto item = tree->find("");
  if (!item || item->type != SourceTree::Type::directory) {
    throw Error(Fault::invalid,
                fmt::format("commit {} has no directory {}", commit.shortened(), printable(path)),
                "name the directory that holds greenwave.yaml");
  }
  return tree;
}

std::string blob_oid(std::string_view bytes) {
  return hash(bytes, GIT_OBJECT_BLOB);
}

std::string tree_oid(const std::vector<SourceTree::Item>& items) {
  std::map<std::string, const SourceTree::Item*>
      sorted;  // directories sort as if their names ended with a slash
  for (const auto& item : items) {
    if (item.type == SourceTree::Type::other) continue;
    sorted.emplace(item.type == SourceTree::Type::directory ? item.name + "/" : item.name, &item);
  }
  std::string bytes;
  for (const auto& [name, item] : sorted) {
    const auto oid = to_oid(item->oid);
    bytes += fmt::format("{} {}", mode_of(item->type), item->name);
    bytes += '\0';
    bytes.append(reinterpret_cast<const char*>(oid.id), sizeof oid.id);
  }
  return hash(bytes, GIT_OBJECT_TREE);
}

}  // namespace greenwave::git
