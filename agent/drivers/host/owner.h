#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "drivers/host/confined.h"
#include "drivers/host/signature.h"

namespace greenwave::drivers::host {

/// Turns the owners and groups that manifests name into numbers: by the live system's user database, or under
/// --root by its etc/passwd and etc/group (the live system's if it has none yet).
class Owners {
 public:
  explicit Owners(const Host& host) : host_(host) {}

  /// `type`, `mode` and the numbers of the two names (or of decimal digits). Without root privileges under
  /// --root, owners cannot be set and are left out. Throws Error (invalid) if there is no such user or group.
  Attributes attributes(mode_t type, mode_t mode, const std::string& owner, const std::string& group);

  /// The same before a plan's steps, one of which may create the user or group: a missing one is left out.
  struct Expected {
    Attributes attributes;
    std::optional<Error> missing{};
  };
  Expected expected(mode_t type, mode_t mode, const std::string& owner, const std::string& group);

 private:
  enum class Database { users, groups };

  id_t number(Database database, const std::string& name);
  void forget_if_changed();

  const Host& host_;
  std::map<std::pair<Database, std::string>, id_t> known_;
  std::string databases_;  ///< what lstat said of them when `known_` was read
};

/// The number that a passwd(5) or group(5) text gives for a name. Pure.
std::optional<id_t> number_in(std::string_view database, std::string_view name);

}  // namespace greenwave::drivers::host
