#pragma once

#include <optional>
#include <set>
#include <string>

#include "drivers/podman/service.h"
#include "drivers/workload/workload.h"
#include "plan/step.h"

namespace greenwave::drivers::podman {

bool is_claim(const ObjectId& id);

/// PersistentVolumeClaims: each is a podman volume (claim_volume.h), whose data outlives the pods. One
/// thread; everything throws Error.
class Claims {
 public:
  Claims(Service& service, const workload::Rules& rules) : service_(service), rules_(rules) {}

  /// Invalidates the cache: the next query asks podman.
  void forget() { names_.reset(); }

  /// How the volume differs from what was applied, in a few words; nothing if it does not.
  std::optional<std::string> drift(const Entry& entry);
  plan::Difference compare(const ObjectId& id, const Entry* entry);
  /// Creates the volume if it does not exist. Returns the inventory's record.
  std::string apply(const plan::Step& step);
  /// If `prune`, removes a volume that Greenwave created, with its data; otherwise returns why it stays.
  std::string remove(const Entry& entry, bool prune);
  /// The same of the volumes that were made for an object itself (a StatefulSet).
  std::string remove_own(const ObjectId& id, bool prune);

 private:
  bool has(const std::string& volume);

  Service& service_;
  const workload::Rules& rules_;
  std::optional<std::set<std::string>> names_;  ///< of all volumes, as of the last look
};

}  // namespace greenwave::drivers::podman
