#include "git/file_transport.h"

#include <cstring>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "git/handle.h"
#include "git/library.h"
#include "git/pack_sink.h"
#include "git/ref_name.h"

namespace greenwave::git {

namespace {

RawRepository open(const std::filesystem::path& path) {
  RawRepository repository;
  const auto open_it = [&] {
    return git_repository_open_ext(Out(repository), path.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
  };
  if (open_it() == 0) return repository;
  if (::access(path.c_str(), R_OK | X_OK) != 0) {
    const bool absent = errno == ENOENT || errno == ENOTDIR;
    throw Error(absent ? Fault::transient : Fault::invalid,
                fmt::format("cannot open the repository {}: {}", path.native(), std::strerror(errno)),
                absent ? "is it mounted, and the path in repository.url right?"
                       : "the agent needs the right to read it");
  }
  throw failure(Fault::invalid, fmt::format("open the repository {}", path.native()),
                "repository.url must name a git repository, bare or with a .git directory");
}

std::vector<std::string> refs_of(git_repository* repository) {
  std::vector<std::string> names;
  ReferenceIterator iterator;
  if (git_reference_iterator_new(Out(iterator), repository) < 0) return names;
  const char* name = nullptr;
  while (git_reference_next_name(&name, iterator.get()) == 0) names.emplace_back(name);
  return names;
}

/// Sends a pack from one repository into a store, through C code that no exception may cross.
struct Pump {
  PackSink& sink;
  std::optional<Error> error;

  static int take(void* bytes, std::size_t size, void* payload) {
    auto& self = *static_cast<Pump*>(payload);
    try {
      self.sink.append({static_cast<const char*>(bytes), size});
      return 0;
    } catch (const Error& error) {
      self.error = error;
      return GIT_EUSER;
    }
  }
};

}  // namespace

FileTransport::FileTransport(std::filesystem::path path, std::string ref, const std::atomic<bool>& stop)
    : path_(std::move(path)), ref_(std::move(ref)), stop_(stop) {
  initialize();
}

std::string FileTransport::poll() {
  const auto repository = open(path_);
  Reference found;
  Reference reference;
  const int code = git_reference_lookup(Out(found), repository.get(), ref_.c_str());
  if (code == GIT_ENOTFOUND) throw no_such_ref(ref_, refs_of(repository.get()));
  if (code < 0 || git_reference_resolve(Out(reference), found.get()) < 0) {
    throw failure(Fault::invalid, fmt::format("read {} of {}", ref_, path_.native()),
                  "look at it with: git fsck");
  }
  if (ref_.starts_with("refs/heads/")) return to_hex(*git_reference_target(reference.get()));
  Object commit;
  if (git_reference_peel(Out(commit), reference.get(), GIT_OBJECT_COMMIT) < 0) {
    throw failure(Fault::invalid, fmt::format("find the commit of {} in {}", ref_, path_.native()),
                  "the followed ref must lead to a commit");
  }
  return to_hex(*git_object_id(commit.get()));
}

void FileTransport::fetch(const std::string& commit, Store& store, const Visit&) {
  if (store.has(commit)) return;
  const auto source = open(path_);
  const auto unreadable = [&] {
    return failure(Fault::transient, fmt::format("read commit {} of {}", commit, path_.native()),
                   "look at the repository with: git fsck");
  };
  const auto wanted = to_oid(commit);
  PackBuilder builder;
  Revwalk walk;
  if (git_packbuilder_new(Out(builder), source.get()) < 0 || git_revwalk_new(Out(walk), source.get()) < 0) {
    throw unreadable();
  }
  if (git_revwalk_push(walk.get(), &wanted) < 0) throw unreadable();
  git_packbuilder_set_threads(builder.get(), 1);
  bool related = false;
  for (const auto& kept : store.kept()) {
    const auto known = to_oid(kept);
    related |= git_revwalk_hide(walk.get(), &known) == 0;
  }
  if ((related ? git_packbuilder_insert_walk(builder.get(), walk.get())
               : git_packbuilder_insert_commit(builder.get(), &wanted)) < 0) {
    throw unreadable();
  }
  PackSink sink(store, stop_);
  Pump pump{sink, {}};
  if (git_packbuilder_foreach(builder.get(), &Pump::take, &pump) < 0) {
    if (pump.error) throw *pump.error;
    throw unreadable();
  }
  sink.finish();
  received_ += sink.bytes();
}

}  // namespace greenwave::git
