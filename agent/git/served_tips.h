#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/fd.h"
#include "model/commit_id.h"

namespace greenwave::git {

/// The branches of a repository on this disk, by their full names, whoever owns it: nothing of it is run.
/// Throws Error (invalid).
std::map<std::string, CommitId> branches_of(const std::filesystem::path& repository);

/// The tips beside a repository (tips_beside()), which whoever has this writes alone: others wait, and so
/// does the hook of packaging/git-server. From then on that hook writes no tips there any more. For servers;
/// the directory is not one that others may write.
class ServedTips {
 public:
  /// Throws Error.
  explicit ServedTips(std::filesystem::path directory);

  std::filesystem::path file_of(const std::string& ref) const { return directory_ / ref; }
  /// Atomically, and with another time in whole seconds than before: web servers make an ETag of it.
  void write(const std::string& ref, const std::string& text) const;
  /// Removes the tips of all other branches, which make room: refs/heads/wave for refs/heads/wave/canary.
  /// Returns their refs.
  std::vector<std::string> remove_others(const std::map<std::string, CommitId>& branches) const;

 private:
  std::filesystem::path directory_;
  Fd lock_;
};

}  // namespace greenwave::git
