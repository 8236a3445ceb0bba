#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace greenwave::control {

/// The group whose members may use the control socket.
inline constexpr const char* group_name = "greenwave";

/// The process at the other end of a unix socket, as the kernel recorded it on connect.
struct Peer {
  uid_t uid = static_cast<uid_t>(-1);
  std::string user;           ///< the account's name; "uid 1042" if it has none
  std::vector<gid_t> groups;  ///< primary and supplementary groups
};

/// Throws Error when the kernel does not say.
Peer peer_of(int socket);

/// The peer's uid alone, without a look at the system's accounts, which may be slow.
std::optional<uid_t> uid_at(int socket);

/// Who may use the socket: root, the user that the daemon runs as, and members of the group.
struct Policy {
  uid_t own = 0;
  std::optional<gid_t> group;  ///< absent: this system has no such group
};

Policy system_policy();

bool may_use(const Peer& peer, const Policy& policy);

/// Whether `peer` may choose what the agent applies: root, and the user that the daemon runs as. Others only
/// say when, or bring what a signer has signed.
bool may_choose(const Peer& peer, const Policy& policy);

/// The name that the history shows for `peer`. A `sudo_user` from root is trusted ("alice (sudo)"), since
/// root can do anything anyway; from others it is ignored.
std::string shown_name(const Peer& peer, std::string_view sudo_user);
/// The same for who runs this process.
std::string own_name();

}  // namespace greenwave::control
