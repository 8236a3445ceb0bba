#include "git/open_repository.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "git/library.h"

namespace greenwave::git {

RawRepository open_repository(const std::filesystem::path& path) {
  RawRepository repository;
  const auto open_it = [&] {
    return git_repository_open_ext(Out(repository), path.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
  };
  if (open_it() == 0) return repository;
  if (::access(path.c_str(), R_OK | X_OK) != 0) {
    const bool absent = errno == ENOENT || errno == ENOTDIR;
    throw Error(absent ? Fault::transient : Fault::invalid,
                fmt::format("cannot open the repository {}: {}", path.native(), std::strerror(errno)),
                absent ? "is it mounted, and is the path in repository.url right?"
                       : "the agent must be allowed to read it");
  }
  throw failure(Fault::invalid, fmt::format("open the repository {}", path.native()),
                "repository.url must be a git repository, bare or with a .git directory");
}

}  // namespace greenwave::git
