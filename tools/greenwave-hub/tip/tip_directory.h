#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/fd.h"
#include "loop/loop.h"

namespace greenwave::hub {

/// The tip files below a directory, and what changes there (inotify(7)). On the loop's thread.
class TipDirectory {
 public:
  /// Throws Error when the system has no inotify left. `changed` is called with the directory of a path that
  /// was watched, when something in it may have changed.
  TipDirectory(Loop& loop, std::filesystem::path root,
               std::function<void(const std::string& directory)> changed);
  ~TipDirectory();
  TipDirectory(const TipDirectory&) = delete;
  TipDirectory& operator=(const TipDirectory&) = delete;

  /// A file's text, and its ETag.
  struct Tip {
    std::string text;
    std::string tag;
  };
  /// What the file says, whose path is_tip_path(); nothing where there is none, or it cannot be a tip's. Of a
  /// directory that is watched, a file is read once in some seconds, and after each change there.
  std::shared_ptr<const Tip> read(const std::string& path);
  /// Watches the path's directory from now on. False if that cannot be, as where it is missing.
  bool watch(const std::string& path);

 private:
  void hear();
  std::shared_ptr<const Tip> read_file_of(const std::string& path) const;
  void forget(const std::string& directory);

  Loop& loop_;
  std::filesystem::path root_;
  std::function<void(const std::string&)> changed_;
  Fd inotify_;
  std::unordered_map<std::string, int> watches_;  ///< by the directory
  std::unordered_map<int, std::string> directories_;
  struct Known {
    std::shared_ptr<const Tip> tip;
    Instant until{};
  };
  std::unordered_map<std::string, Known> known_;  ///< by path, in watched directories
};

/// "/city.git.tip/refs/heads" of "/city.git.tip/refs/heads/main".
std::string directory_of(const std::string& path);

}  // namespace greenwave::hub
