#pragma once

#include <functional>
#include <string>
#include <vector>

#include "drivers/podman/images.h"
#include "drivers/podman/pod_record.h"
#include "drivers/podman/service.h"
#include "drivers/podman/view.h"

namespace greenwave::drivers::podman {

/// Replaces one object's pods with those that its kube_pods describe: pulls the images, creates the new pods
/// beside the old ones, and only then stops the old ones. If an image cannot be pulled, or a pod created or
/// started, the old pods keep running. The host's paths are checked before each start, see host_paths.h.
class Rollout {
 public:
  Rollout(Service& service, Images& images, const workload::Rules& rules)
      : service_(service), images_(images), rules_(rules) {}

  /// `known` is what the object had before. Throws Error; the old pods then still run.
  PodRecord bring(const ObjectId& id, const workload::Workload& workload,
                  const std::vector<KubePod>& kube_pods, const Pods& pods, const PodRecord& known);

  /// Removes the old pods, then creates and starts the kube_pod's. Returns the ids of its containers. The
  /// images must be here.
  std::vector<std::string> remake(const ObjectId& id, const KubePod& kube_pod, const Pods& old);

  /// Removes an object's pods, and the volumes that belong to them alone.
  void remove(const Pods& pods);

 private:
  std::vector<std::string> make(const ObjectId& id, const KubePod& kube_pod, bool is_broken);
  void discard(const std::string& pod);
  void exchange(const std::vector<const KubePod*>& made, const std::vector<std::string>& old,
                const Pods& pods);
  void start(const KubePod& kube_pod);

  Service& service_;
  Images& images_;
  const workload::Rules& rules_;
};

}  // namespace greenwave::drivers::podman
