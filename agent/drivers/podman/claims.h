#pragma once

#include <optional>
#include <set>
#include <string>

#include "drivers/podman/service.h"
#include "plan/step.h"

namespace greenwave::drivers::podman {

bool is_claim(const ObjectId& id);

/// PersistentVolumeClaims: each is a podman volume of the same name, whose data outlives the pods. One
/// thread; everything throws Error.
class Claims {
 public:
  explicit Claims(Service& service) : service_(service) {}

  /// Invalidates the cache: the next query asks podman.
  void forget() { names_.reset(); }

  bool has(const std::string& name);
  plan::Difference compare(const std::string& name);
  /// Creates the volume if it does not exist. Returns the inventory's record.
  std::string apply(const plan::Step& step);
  /// If `prune`, removes a volume that Greenwave created, with its data; otherwise returns why it stays.
  std::string remove(const Entry& entry, bool prune);

 private:
  Service& service_;
  std::optional<std::set<std::string>> names_;  ///< of all volumes, as of the last look
};

}  // namespace greenwave::drivers::podman
