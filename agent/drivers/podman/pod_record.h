#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/podman/play_kube.h"

namespace greenwave::drivers::podman {

/// What the inventory keeps of a workload: its pods as they were created.
struct PodRecord {
  struct Pod {
    std::string name;
    std::string digest;
    std::vector<std::string> containers;  ///< podman's ids; empty until they are created
    std::vector<std::string> starters{};  ///< of init containers and sidecars
  };
  std::vector<Pod> pods;
  std::string restart = "Always";
  bool once = false;
  std::vector<std::string> pulled;        ///< ids of images that were pulled for it
  std::vector<std::string> host_paths{};  ///< that its containers see
  std::optional<workload::JobPlan> job{};
};

std::string to_json(const PodRecord& record);

/// Throws Error (damaged) if it is not one. An empty text is an empty record.
PodRecord pod_record_from(const std::string& text);

}  // namespace greenwave::drivers::podman
