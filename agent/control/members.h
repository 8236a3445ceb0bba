#pragma once

#include <map>

#include <sys/types.h>

#include "base/mutex.h"
#include "control/mhd.h"
#include "control/peer.h"

namespace greenwave::control {

/// Counts the connections of the group's members, so that slow or many ones shut out neither root, nor the
/// daemon's own user, nor each other. Used from libmicrohttpd's threads.
class Members {
 public:
  /// One member gets at most half of `most`, but at least one.
  Members(const Policy& policy, unsigned most) : own_(policy.own), most_(most) {}

  /// For MHD_OPTION_NOTIFY_CONNECTION, with a Members. A connection that is one too many is shut down at
  /// once.
  static void on_connection(void* self, MHD_Connection* connection, void** context,
                            MHD_ConnectionNotificationCode what);

 private:
  bool take_seat(uid_t uid) EXCLUDES(mutex_);
  void leave(uid_t uid) EXCLUDES(mutex_);

  uid_t own_;
  unsigned most_;
  Mutex mutex_;
  unsigned open_ GUARDED_BY(mutex_) = 0;
  std::map<uid_t, unsigned> open_of_ GUARDED_BY(mutex_);
};

}  // namespace greenwave::control
