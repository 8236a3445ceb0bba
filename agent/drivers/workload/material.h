#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "base/digest.h"
#include "drivers/workload/workload.h"
#include "plan/step.h"

namespace greenwave::drivers::workload {

/// What a ConfigMap or Secret holds: bytes by key.
using Material = std::map<std::string, std::string>;

/// A change of a ConfigMap or Secret that it names is one of the workload's.
void restart_on_needs(const Workload& workload, plan::Footprint& footprint);

bool is_material(const ObjectId& id);

/// Reads data, binaryData and stringData; what is wrong goes into `problems`. Pure.
Material read_material(const Manifest& manifest, Problems& problems);

/// The ConfigMaps and Secrets of one render, which it points into.
class Store {
 public:
  Store() = default;
  explicit Store(std::span<const plan::Desired> desired);

  /// What `need` means for an object in `space` (a namespace); nothing where no manifest declares it.
  std::optional<Material> find(const Need& need, const std::string& space) const;

 private:
  struct Key {
    std::string kind;
    std::string space;
    std::string name;
    auto operator<=>(const Key&) const = default;
  };
  std::map<Key, const Manifest*> all_;
};

}  // namespace greenwave::drivers::workload
