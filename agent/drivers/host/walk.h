#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/fd.h"
#include "drivers/host/confined.h"
#include "drivers/host/directory_sync.h"

namespace greenwave::drivers::host {

/// The way to a directory in which the agent is about to change something, by one name at a time. Whoever
/// owns a directory or a link on it decides what comes next: from one of a user's, only what is the same
/// user's is entered, as systemd-tmpfiles does. Nobody can then lead root to what is not his own, whatever he
/// swaps meanwhile.
///
/// Functions that return false leave errno: ENOENT, ENOTDIR, ELOOP, EXDEV (a link leads out) or another.
class Walk {
 public:
  /// Begins at the device's root. `path` is for messages. Missing directories are made with mode 0755 where
  /// `made` is not null, which gets those that received a name; one in a user's directory is that user's.
  Walk(const Host& host, const std::string& path, DirectorySync* made);

  /// `relative` has no "." or ".."; links may lead anywhere within the device. Throws Error (conflict) for a
  /// step that is not safe.
  bool enter(std::string_view relative);
  /// From here on, links may not lead out of the directory that was entered last.
  void confine() {
    base_ = places_.size() - 1;
    is_confined_ = true;
  }

  bool has_followed_link() const { return links_ > 0; }
  /// The directory that was entered last.
  Fd open() const;

 private:
  struct Place {
    Fd directory;  ///< O_PATH
    uid_t owner = 0;
  };

  bool step(std::string_view name);
  bool step_up();
  bool follow(int link, uid_t owner);
  Fd look(const std::string& name, struct stat& about) const;
  Fd make(const std::string& name, struct stat& about);
  void arrive(uid_t owner, std::string_view name);

  const Host& host_;
  const std::string& path_;
  DirectorySync* made_;
  std::vector<Place> places_;  ///< from the root down to here
  std::size_t base_ = 0;       ///< links lead no higher up
  bool is_confined_ = false;   ///< and no absolute one leads anywhere
  uid_t decides_;              ///< who owns what led here
  unsigned links_ = 0;
  unsigned within_link_ = 0;
};

/// Whether the user is one whom the agent need not fear: root, itself, and whoever owns the device's root.
bool is_trusted(const Host& host, uid_t user);

/// That a name in a user's directory is about to be changed as a directory that is not this user's, who may
/// have put it there. Throws Error (conflict).
void refuse_stranger(const Host& host, int directory, const struct stat& found, const std::string& path);

}  // namespace greenwave::drivers::host
