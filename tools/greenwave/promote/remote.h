#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/process.h"

namespace greenwave::promote {

/// A city's repository, read and moved forward by the git program: on the city's side it is git's own
/// configuration that knows the credentials, proxies and keys of whoever promotes, be it a person or a CI
/// job. Only its plumbing is used, whose output is meant for programs. Throws Error (transient, or invalid)
/// with what git said.
class Remote {
 public:
  explicit Remote(std::string url);
  ~Remote();
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  /// All refs and what they point to.
  std::map<std::string, std::string> refs() const;
  /// Brings the refs' history here: commits only, where the server can leave out the rest.
  void fetch(const std::vector<std::string>& refs) const;
  /// A file of a fetched commit; nothing when there is none of that name.
  std::optional<std::string> read(const std::string& commit, const std::string& path) const;
  std::string message(const std::string& commit) const;
  bool leads_to(const std::string& ancestor, const std::string& commit) const;

  /// Moves the ref, or makes it. The server refuses it unless it is a fast-forward.
  void push(const std::string& commit, const std::string& ref) const;
  /// A commit without files, on top of `parent` (empty: none).
  std::string commit(const std::string& message, const std::string& parent) const;

 private:
  CommandResult try_git(std::vector<std::string> words) const;
  std::string git(std::vector<std::string> words) const;
  std::string said() const;

  std::string url_;
  std::filesystem::path directory_;
};

}  // namespace greenwave::promote
