#pragma once

#include <cstddef>
#include <vector>

#include <sys/types.h>

#include "base/fd.h"

namespace greenwave::drivers::host {

/// Directories in which a name was made, replaced or removed, until these changes are durable. A few
/// directories are fsynced one by one; where there are many, one syncfs a file system is cheaper, and no
/// more than a bounded number of descriptors is held.
class DirectorySync {
 public:
  /// `directory` is an open descriptor (not O_PATH); it is duplicated where it is still needed later.
  void add(int directory);
  bool empty() const { return directories_.empty() && file_systems_.empty(); }

  /// Makes all of it durable and forgets it. Throws Error.
  void sync();

 private:
  struct Held {
    dev_t device = 0;
    ino_t inode = 0;
    Fd fd;
  };

  std::vector<Held> directories_;
  std::vector<Held> file_systems_;
};

}  // namespace greenwave::drivers::host
