#include "control/members.h"

#include <algorithm>
#include <cstdint>

#include <sys/socket.h>

namespace greenwave::control {

namespace {

/// What a connection that has a seat carries: nobody's uid is 2^32 - 1, so it is never null.
void* seat_of(uid_t uid) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(uid) + 1);
}

uid_t uid_of(void* seat) {
  return static_cast<uid_t>(reinterpret_cast<std::uintptr_t>(seat) - 1);
}

int socket_of(MHD_Connection* connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

}  // namespace

void Members::on_connection(void* self, MHD_Connection* connection, void** context,
                            MHD_ConnectionNotificationCode what) {
  auto& members = *static_cast<Members*>(self);
  if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
    if (*context != nullptr) members.leave(uid_of(*context));
    return;
  }
  const int socket = socket_of(connection);
  const auto uid = uid_at(socket);
  if (uid == 0 || uid == members.own_) return;
  if (uid && members.take_seat(*uid)) {
    *context = seat_of(*uid);
  } else {
    ::shutdown(socket, SHUT_RDWR);
  }
}

bool Members::take_seat(uid_t uid) {
  const Lock lock(mutex_);
  auto& of_one = open_of_[uid];
  if (open_ >= most_ || of_one >= std::max(1U, most_ / 2)) {
    if (of_one == 0) open_of_.erase(uid);
    return false;
  }
  ++of_one;
  ++open_;
  return true;
}

void Members::leave(uid_t uid) {
  const Lock lock(mutex_);
  const auto of_one = open_of_.find(uid);
  --open_;
  if (--of_one->second == 0) open_of_.erase(of_one);
}

}  // namespace greenwave::control
