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

  Identity identity_of(Parents& parents, const std::string& path);
  void read(Parents& parents);

  std::span<const Candidate> candidates_;
  std::map<Identity, std::vector<const plan::Desired*>> objects_;
  std::unordered_map<std::string, Identity> directories_;
  bool has_read_ = false;
};

}  // namespace greenwave::drivers::host
