#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include <sys/stat.h>
#include <sys/types.h>

#include "base/fd.h"
#include "drivers/host/confined.h"

namespace greenwave::drivers::host {

/// What the device had before manifests took its paths, set aside so that it can be given back: content,
/// mode, owner, times, extended attributes and access control lists; whole trees with all of that. It is in a
/// directory that only the agent's user can enter: Host::kept_directory(), or `kept_name` at the top of
/// another file system, so that setting aside is a link or a rename and costs no space. Where neither can be
/// had (another layer of an overlay, a read-only top) it is a durable copy.
///
/// One thing a path, by the path's digest: what an interrupted apply set aside is found again, whichever
/// object the path belongs to then. What is there is never replaced. All changes are durable after sync(),
/// and those of the directories of the paths after touched.sync(). One thread; the Host must outlive it.
/// Functions throw Error.
class Kept {
 public:
  explicit Kept(const Host& host) : host_(host) {}
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  bool has(Parents& parents, const std::string& path);
  /// lstat of it, and where it is, for people.
  struct Found {
    struct stat about {};
    std::string where;
  };
  std::optional<Found> find(Parents& parents, const std::string& path);

  /// Sets aside what is at `path`, a file or link, and leaves it there too. False: nothing was there.
  bool link(Parents& parents, const std::string& path);
  /// Sets aside what is at `path`, a directory with everything in it. False: nothing was there.
  bool move(Parents& parents, const std::string& path, DirectorySync& touched);

  /// Puts it back, over a file or link that is at `path`; missing parents are made.
  void give_back(Parents& parents, const std::string& path, DirectorySync& touched);
  /// Removes it for good; nothing happens when there is none.
  void drop(Parents& parents, const std::string& path);
  /// Leaves it for people, under another name, and returns where.
  std::string leave(Parents& parents, const std::string& path);

  void sync() { changed_.sync(); }

 private:
  struct Place {
    Fd directory;  ///< not open: there is none yet
    std::string path;
    bool looked = false;
  };
  struct Held {
    Place* place = nullptr;
    std::string name;
    struct stat about {};
  };

  Place& own_place(bool make);
  Place& place_on(const Spot& at, bool make);
  Place& place_at_top(const Spot& at, dev_t device, bool make);
  Place& place_above(Parents& parents, const std::string& path);
  std::optional<Held> held(Parents& parents, const std::string& path);
  void copy(const Spot& at, Place& place, const std::string& name, const std::string& path);

  const Host& host_;
  Place own_;
  dev_t own_device_ = 0;
  std::map<dev_t, Place> tops_;
  std::unordered_map<std::string, Place*> above_;  ///< by directory
  DirectorySync changed_;
};

}  // namespace greenwave::drivers::host
