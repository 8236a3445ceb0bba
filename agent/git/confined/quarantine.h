#pragma once

#include <cstdint>
#include <filesystem>

#include "base/fd.h"

namespace greenwave::git::confined {

/// The directory in which a fetcher unpacks what comes: the only place where it can write.
class Quarantine {
 public:
  /// Makes the directory, for root alone, where there is none. Throws Error.
  explicit Quarantine(std::filesystem::path directory);

  /// Removes all that is in it.
  void empty() const;
  /// Throws Error (transient) when more than `most` bytes are in it.
  void require_at_most(std::uint64_t most) const;
  int descriptor() const { return opened_.get(); }

 private:
  std::filesystem::path directory_;
  Fd opened_;
};

}  // namespace greenwave::git::confined
