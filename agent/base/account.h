#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

namespace greenwave {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string home;
};

/// What this machine's databases say, /etc/passwd or a directory service. Nothing: there is no such account,
/// or the database does not answer. Thread-safe.
std::optional<User> user_named(const std::string& name);
std::optional<User> user_of(uid_t uid);
std::optional<gid_t> group_named(const std::string& name);

}  // namespace greenwave
