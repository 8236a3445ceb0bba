#pragma once

#include <map>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "drivers/driver.h"
#include "drivers/host/confined.h"
#include "drivers/host/holdings.h"

namespace greenwave::drivers::host {

/// Finds objects with different paths that are the same place on the device, because a link leads from one to
/// the other: they would keep overwriting each other.
class Overlaps {
 public:
  /// The candidates must outlive it.
  explicit Overlaps(std::span<const Candidate> candidates) : candidates_(candidates) {}

  /// Throws Error (conflict) if another candidate, or an object in the inventory, has the object's place by
  /// another path.
  void refuse(Holdings& holdings, Parents& parents, const Candidate& candidate);

 private:
  /// The innermost existing directory on the path, and the rest of the path.
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::string rest;

    auto operator<=>(const Identity&) const = default;
  };

  /// A directory that a path names, and whether another name of it leads there too.
  struct Named {
    Identity identity;
    bool has_others = false;
  };

  const Named& directory_of(Parents& parents, const std::string& path);
  Identity look_at(Parents& parents, const std::string& path, const std::string& directory);
  Identity identity_of(Parents& parents, const std::string& path);
  void read(Parents& parents);

  std::span<const Candidate> candidates_;
  std::unordered_map<std::string, Named> directories_;  ///< by name
  std::map<Identity, Named*> first_names_;
  std::map<Identity, std::vector<const plan::Desired*>> objects_;  ///< where the directory has_others
  bool has_read_ = false;
};

}  // namespace greenwave::drivers::host
