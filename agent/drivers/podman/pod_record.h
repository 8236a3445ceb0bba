#pragma once

#include <string>
#include <vector>

#include "drivers/podman/play_kube.h"

namespace greenwave::drivers::podman {

/// What the inventory keeps of a workload: what its pods were when they were made.
struct PodRecord {
  struct Pod {
    std::string name;
    std::string digest;
    std::vector<std::string> containers;  ///< podman's ids; empty while they are not made
  };
  std::vector<Pod> pods;
  std::string restart = "Always";
  bool once = false;
  std::vector<std::string> pulled;  ///< ids of images that came to the device for it
};

std::string to_json(const PodRecord& record);

/// Throws Error (damaged) when it is not one. An empty text is an empty record.
PodRecord pod_record_from(const std::string& text);

}  // namespace greenwave::drivers::podman
