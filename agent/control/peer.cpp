#include "control/peer.h"

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/account.h"
#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"

namespace greenwave::control {

namespace {

std::string name_of(uid_t uid) {
  const auto account = user_of(uid);
  return account ? printable(account->name) : fmt::format("uid {}", uid);
}

/// socket(7), SO_PEERGROUPS: a buffer that is too small fails with ERANGE and the required length.
std::vector<gid_t> groups_of(int socket) {
  std::vector<gid_t> groups(32);
  for (int tries = 0; tries < 2; ++tries) {
    auto length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const int failed = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length);
    groups.resize(length / sizeof(gid_t));
    if (failed == 0) return groups;
    if (errno != ERANGE) break;
  }
  return {};
}

std::optional<ucred> credentials_of(int socket) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return {};
  return credentials;
}

}  // namespace

Peer peer_of(int socket) {
  const auto credentials = credentials_of(socket);
  if (!credentials) throw system_error("identify the client of", "the control socket");
  Peer peer{credentials->uid, name_of(credentials->uid), groups_of(socket)};
  peer.groups.push_back(credentials->gid);
  return peer;
}

std::optional<uid_t> uid_at(int socket) {
  const auto credentials = credentials_of(socket);
  return credentials ? std::optional(credentials->uid) : std::nullopt;
}

Policy system_policy() {
  return {::geteuid(), group_named(group_name)};
}

bool may_choose(const Peer& peer, const Policy& policy) {
  return peer.uid == 0 || peer.uid == policy.own;
}

bool may_use(const Peer& peer, const Policy& policy) {
  if (may_choose(peer, policy)) return true;
  return policy.group && contains(peer.groups, *policy.group);
}

std::string shown_name(const Peer& peer, std::string_view sudo_user) {
  if (peer.uid != 0 || sudo_user.empty()) return peer.user;
  return fmt::format("{} (sudo)", sudo_user);
}

std::string own_name() {
  const char* sudo_user = std::getenv("SUDO_USER");
  return shown_name({.uid = ::getuid(), .user = name_of(::getuid()), .groups = {}},
                    sudo_user != nullptr ? printable(sudo_user) : "");
}

}  // namespace greenwave::control
