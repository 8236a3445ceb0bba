#pragma once

#include <string>
#include <vector>

#include "drivers/podman/play_kube.h"
#include "drivers/podman/service.h"

namespace greenwave::drivers::podman {

/// A pod as podman makes it.
struct Prepared {
  std::string sheet;                  ///< for kube play
  std::vector<std::string> starters;  ///< for Service::create_container, in their order
};

/// Makes what a pod needs to have before podman makes it, and returns what podman gets, in which nothing is
/// left open: where volumes are, and who runs in containers whose image says so. Throws Error: invalid where
/// an image is root's and must not be, conflict where a link in a claim's volume leads elsewhere. The images
/// must be here.
Prepared prepare(Service& service, const workload::Rules& rules, const ObjectId& id, const KubePod& kube_pod);

/// Removes the pod's own volumes, which no container uses any more.
void clear_volumes(const workload::Rules& rules, const std::string& pod);

}  // namespace greenwave::drivers::podman
