#include "control/socket.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/error.h"
#include "base/file.h"

namespace greenwave::control {

namespace {

constexpr mode_t socket_mode = 0660;
constexpr int backlog = 32;

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto& text = path.native();
  if (text.size() >= sizeof address.sun_path) {
    throw Error(Fault::invalid,
                fmt::format("the control socket's path {} is longer than the limit of {} bytes", text,
                            sizeof address.sun_path - 1),
                "set a shorter runtimeDirectory in agent.yaml, or a shorter --root");
  }
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  return address;
}

Fd new_socket() {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw system_error("make", "a unix socket");
  return socket;
}

/// Removes the socket of a daemon that has exited; a daemon that still listens keeps its socket.
void clear_stale(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) return;
  if (!S_ISSOCK(about.st_mode)) {
    throw Error(Fault::conflict, fmt::format("{} is in the way: it is not a socket", path.native()),
                "move it away, then start greenwaved again");
  }
  const auto probe = new_socket();
  const bool answered =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  // EAGAIN: a daemon listens, and its queue is full.
  if (answered || errno == EAGAIN) {
    throw Error(Fault::conflict, fmt::format("another greenwaved listens on {}", path.native()),
                "stop it first: systemctl stop greenwaved");
  }
  if (::unlink(path.c_str()) != 0) throw system_error("remove the stale socket", path.native());
}

}  // namespace

Fd listen_at(const std::filesystem::path& path, const Policy& policy, const Log& log) {
  const auto address = address_of(path);
  make_directories(path.parent_path());
  clear_stale(path, address);
  auto socket = new_socket();
  // bind() creates the file with the socket's mode, so that others cannot connect at any moment.
  if (::fchmod(socket.get(), socket_mode) != 0) throw system_error("set the mode of", path.native());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw system_error("make the control socket", path.native());
  }
  if (policy.group && ::lchown(path.c_str(), static_cast<uid_t>(-1), *policy.group) != 0) {
    log.info(fmt::format("the group {} can't use {}: {}", group_name, path.native(), std::strerror(errno)));
  }
  // Again by name: bind() applied the umask.
  if (::chmod(path.c_str(), socket_mode) != 0) throw system_error("set the mode of", path.native());
  if (::listen(socket.get(), backlog) != 0) throw system_error("listen on", path.native());
  return socket;
}

}  // namespace greenwave::control
