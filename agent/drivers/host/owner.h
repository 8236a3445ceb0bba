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

/// Turns the owners and groups that manifests name into numbers: by the live system's user database, or by
/// etc/passwd and etc/group below another root (the live one's where the image has none yet).
class Owners {
 public:
  explicit Owners(const Host& host) : host_(host) {}

  /// `type`, `mode` and the numbers of the two names (or of decimal digits). Without root privileges and
  /// below another root, owners cannot be set and are left out. Throws Error (invalid) when there is no such
  /// user or group.
  Attributes attributes(mode_t type, mode_t mode, const std::string& owner, const std::string& group);

  /// The same before the steps of a plan, one of which may create the user or group: one that is not there is
  /// left out.
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
