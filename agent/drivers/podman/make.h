#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "drivers/podman/network/routes.h"
#include "drivers/podman/play_kube.h"
#include "drivers/podman/service.h"

namespace greenwave::drivers::podman {

/// A pod that was made: podman's ids of its containers.
struct Made {
  std::vector<std::string> containers;
  std::vector<std::string> starters;
};

/// Makes a pod without starting it; `is_broken`: what there is of it goes first. Throws Error.
Made make_pod(Service& service, const workload::Rules& rules, const ObjectId& id, const KubePod& kube_pod,
              bool is_broken);

/// The same pod with more labels, on all of its containers.
KubePod with_labels(KubePod kube_pod, const std::map<std::string, std::string>& labels);

/// The same pod, which also has these lines in /etc/hosts.
KubePod with_host_aliases(KubePod kube_pod, std::span<const HostLine> lines);

}  // namespace greenwave::drivers::podman
