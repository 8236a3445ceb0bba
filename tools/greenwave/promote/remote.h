#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/process.h"
#include "base/scratch_directory.h"
#include "model/commit_id.h"

namespace greenwave::promote {

/// Commits by the refs' full names.
using Refs = std::map<std::string, CommitId>;

/// A city's repository, read and moved forward with the git program, whose configuration has the credentials,
/// proxies and keys of the person or CI job that promotes. Uses git's plumbing only, whose output is stable.
/// Throws Error (transient, or invalid) with git's message.
class Remote {
 public:
  /// `with_directories`: fetches directories, too, but no files.
  Remote(std::string url, bool with_directories);

  Refs refs() const;
  /// Fetches the refs' history; commits only, where the server supports filters.
  void fetch(const std::vector<std::string>& refs) const;
  /// A file of a fetched commit, if it exists.
  std::optional<std::string> read(const CommitId& commit, const std::string& path) const;
  std::string message(const CommitId& commit) const;
  /// Where it is here, a bare repository.
  const std::filesystem::path& directory() const { return directory_.path(); }
  bool leads_to(const CommitId& ancestor, const CommitId& commit) const;

  /// Moves or creates the ref. The server refuses anything but a fast-forward.
  void push(const CommitId& commit, const std::string& ref) const;
  /// Signs a tag on the commit with an SSH key, and pushes it; `ref` is its full name.
  void tag(const CommitId& commit, const std::string& ref, const std::string& message,
           const std::filesystem::path& key) const;
  /// Creates a commit without files on top of `parent` (empty: none).
  CommitId commit(const std::string& message, const CommitId& parent) const;

 private:
  CommandResult try_git(std::vector<std::string> words) const;
  std::string git(std::vector<std::string> words) const;
  std::string error_output() const;
  /// What git needs to know of who makes something. A CI job often has no git identity.
  std::vector<std::string> identity() const;

  std::string url_;
  bool with_directories_;
  ScratchDirectory directory_{"promote"};
};

}  // namespace greenwave::promote
