#pragma once

#include "base/clock.h"

namespace greenwave::daemon {

/// How long a question may be held on this device's link: what is silent for too long is cut by NAT or a
/// carrier, which tells nobody. Begins below what most allow, becomes longer while that works, and shorter
/// where a held question was lost. Pure.
class HoldLength {
 public:
  Duration next() const { return length_; }
  /// One was answered when its time was over.
  void lasted(Duration length);
  /// One was lost, so long after it was asked. What is lost early says nothing of the link: a server was
  /// restarted.
  void lost(Duration after);

 private:
  Duration length_ = std::chrono::seconds(55);
  Duration longest_ = std::chrono::minutes(15);  ///< that is not known to be too long
  unsigned lasted_ = 0;                          ///< so many of the longest, in a row
};

}  // namespace greenwave::daemon
