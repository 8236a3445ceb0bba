#include "git/store.h"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "git/commit_tree.h"
#include "git/handle.h"
#include "git/library.h"

namespace greenwave::git {

namespace {

namespace fs = std::filesystem;

/// Creates a bare repository atomically, also when the power is cut.
void create(const fs::path& directory) {
  make_directories(directory.parent_path());
  auto beside = directory;
  beside += ".new";
  fs::remove_all(beside);
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR | GIT_REPOSITORY_INIT_NO_REINIT;
  options.mode = 0700;
  options.initial_head = "main";
  RawRepository made;
  if (git_repository_init_ext(Out(made), beside.c_str(), &options) < 0) {
    throw failure(Fault::invalid, fmt::format("create the store {}", directory.native()));
  }
  made.reset();
  const Fd files(::open(beside.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!files || ::syncfs(files.get()) != 0) throw system_error("sync", beside.native());
  std::error_code error;
  fs::rename(beside, directory, error);
  if (error) {
    errno = error.value();
    throw system_error("create the store", directory.native());
  }
}

bool is_absent_or_empty(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return true;
  return fs::is_directory(directory, error) && fs::is_empty(directory, error);
}

/// Removes what a killed fetch or ref update left: libgit2's temporary files, and locks that nobody holds
/// now.
void remove_leftovers(const fs::path& directory) {
  std::vector<fs::path> leftovers;
  const auto collect = [&](const fs::path& below, auto is_leftover) {
    std::error_code error;
    for (const auto& file : fs::directory_iterator(below, error)) {
      if (is_leftover(file.path().filename().native())) leftovers.push_back(file.path());
    }
  };
  const auto temporary = [](const std::string& name) { return name.find("_git2_") != std::string::npos; };
  const auto lock = [](const std::string& name) { return name.ends_with(".lock"); };
  collect(directory / "objects", temporary);
  collect(directory / "objects" / "pack", temporary);
  collect(directory, lock);
  collect(directory / "refs" / "greenwave", lock);
  std::error_code error;
  for (const auto& file : leftovers) fs::remove(file, error);
}

std::string one_line(const char* text, std::size_t most) {
  return text != nullptr ? in_one_line(text, most) : "";
}

/// A commit may contain any number; clamps it to what Time and people can represent.
Time time_of(const git_commit* commit) {
  constexpr git_time_t year_10000 = 253'402'300'800;
  return Time(std::chrono::seconds(std::clamp<git_time_t>(git_commit_time(commit), 0, year_10000 - 1)));
}

std::string full_name(const std::string& name) {
  return "refs/greenwave/" + name;
}

RawCommit lookup(git_repository* repository, const CommitId& id) {
  const auto oid = to_oid(id);
  RawCommit commit;
  const int code = git_commit_lookup(Out(commit), repository, &oid);
  if (code < 0) throw failure(Fault::damaged, fmt::format("read commit {}", id.text()), damaged_store_remedy);
  return commit;
}

}  // namespace

Store::Store(fs::path directory) : directory_(std::move(directory)) {
  initialize();
  if (is_absent_or_empty(directory_)) create(directory_);
  lock_ = Fd(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock_ && errno != ENOTDIR) throw system_error("open the store", directory_.native());
  // Another process may be reading or fetching: its files are not leftovers then.
  if (lock_ && ::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) remove_leftovers(directory_);

  const auto damaged = [&] {
    return failure(Fault::damaged, fmt::format("read the store {}", directory_.native()),
                   damaged_store_remedy);
  };
  RawRepository opened;
  const Durably durably;  // libgit2 may decide here for all refs to come
  const unsigned flags = GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE;
  if (git_repository_open_ext(Out(opened), directory_.c_str(), flags, nullptr) < 0) throw damaged();
  Reference head;
  Odb odb;
  if (git_reference_lookup(Out(head), opened.get(), "HEAD") < 0 ||
      git_repository_odb(Out(odb), opened.get()) < 0) {
    throw damaged();
  }
  repository_ = opened.get();
  for (const auto& commit : kept()) {
    const auto oid = to_oid(commit);
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (git_odb_read_header(&size, &type, odb.get(), &oid) < 0) throw damaged();
  }
  static_cast<void>(opened.release());  // it is repository_ from here on
}

Store::~Store() {
  RawRepository closing(repository_);
}

bool Store::has(const CommitId& commit) const {
  const auto oid = to_oid(commit);
  Odb odb;
  if (git_repository_odb(Out(odb), repository_) < 0) {
    throw failure(Fault::damaged, fmt::format("read the store {}", directory_.native()),
                  damaged_store_remedy);
  }
  return git_odb_exists(odb.get(), &oid) == 1;
}

Commit Store::commit(const CommitId& id) const {
  const auto raw = lookup(repository_, id);
  return {id, one_line(git_commit_summary(raw.get()), 200), one_line(git_commit_author(raw.get())->name, 100),
          time_of(raw.get())};
}

std::vector<CommitId> Store::parents(const CommitId& id) const {
  const auto raw = lookup(repository_, id);
  std::vector<CommitId> parents;
  for (unsigned i = 0; i < git_commit_parentcount(raw.get()); ++i)
    parents.emplace_back(to_hex(*git_commit_parent_id(raw.get(), i)));
  return parents;
}

std::unique_ptr<SourceTree> Store::tree(const CommitId& commit, const std::string& path) const {
  const auto raw = lookup(repository_, commit);
  auto tree = std::make_unique<CommitTree>(repository_, *git_commit_tree_id(raw.get()), path, nullptr);
  const auto item = tree->find("");
  if (!item || item->type != SourceTree::Type::directory) {
    throw Error(Fault::invalid, fmt::format("commit {} has no directory {}", commit.shortened(), path),
                "fix repository.path in agent.yaml, or the repository");
  }
  if (path.empty()) tree->list("");  // reports a missing root tree here, not at the first file
  return tree;
}

std::unique_ptr<SourceTree> Store::partial_tree(const CommitId& commit, const std::string& path,
                                                Missing& missing) const {
  const auto raw = lookup(repository_, commit);
  return std::make_unique<CommitTree>(repository_, *git_commit_tree_id(raw.get()), path, &missing);
}

std::vector<CommitId> Store::kept() const {
  std::vector<CommitId> commits;
  ReferenceIterator iterator;
  if (git_reference_iterator_glob_new(Out(iterator), repository_, "refs/greenwave/*") < 0) return commits;
  Reference reference;
  while (git_reference_next(Out(reference), iterator.get()) == 0) {
    const auto* target = git_reference_target(reference.get());
    if (target != nullptr) commits.emplace_back(to_hex(*target));
  }
  std::sort(commits.begin(), commits.end());
  commits.erase(std::unique(commits.begin(), commits.end()), commits.end());
  return commits;
}

CommitId Store::kept_as(const std::string& name) const {
  git_oid oid{};
  if (git_reference_name_to_id(&oid, repository_, full_name(name).c_str()) < 0) return {};
  return CommitId(to_hex(oid));
}

void Store::forget(const std::string& name) {
  if (kept_as(name).empty()) return;
  const Durably durably;
  if (git_reference_remove(repository_, full_name(name).c_str()) < 0) {
    throw failure(Fault::damaged, fmt::format("forget {}", full_name(name)), damaged_store_remedy);
  }
}

void Store::keep(const std::string& name, const CommitId& commit) {
  if (kept_as(name) == commit) return;
  const auto target = to_oid(commit);
  const auto full = full_name(name);
  Reference made;
  const Durably durably;
  if (git_reference_create(Out(made), repository_, full.c_str(), &target, 1, nullptr) < 0) {
    throw failure(Fault::damaged, fmt::format("keep commit {} as {}", commit.text(), full),
                  damaged_store_remedy);
  }
}

void Store::set_aside(const fs::path& directory) {
  auto aside = directory;
  aside += ".damaged";
  std::error_code error;
  fs::remove_all(aside, error);
  fs::rename(directory, aside, error);
  if (error && error != std::errc::no_such_file_or_directory) {
    errno = error.value();
    throw system_error("set aside", directory.native());
  }
}

}  // namespace greenwave::git
