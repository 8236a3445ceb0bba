#pragma once

#include <string>

#include <sys/types.h>

#include "drivers/host/confined.h"
#include "drivers/host/holdings.h"

namespace greenwave::drivers::host {

/// Who may read what a device has, or is to have. Only what everybody may read is shown to people, or kept in
/// the history. For as long as nothing changes the device; `claimed` outlives it.
class Readers {
 public:
  explicit Readers(Claimed& claimed) : claimed_(claimed) {}

  /// Whether every user of the device could read a file of this mode at `path`: by the mode, and by the
  /// directories on the way, as they are and as the render declares them.
  bool are_everybody(Parents& parents, const std::string& path, mode_t mode);

 private:
  Claimed& claimed_;
  std::string directory_;  ///< that was looked at last
  bool is_open_ = false;
};

}  // namespace greenwave::drivers::host
