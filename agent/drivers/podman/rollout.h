#pragma once

#include <functional>
#include <string>
#include <vector>

#include "drivers/podman/images.h"
#include "drivers/podman/pod_record.h"
#include "drivers/podman/service.h"
#include "drivers/podman/view.h"

namespace greenwave::drivers::podman {

/// Brings one object's pods from what runs to what its kube_pods say: images first, then the new pods are
/// made beside the old ones, and only then the old ones stop. What cannot be pulled, made or started leaves
/// the old pods running.
class Rollout {
 public:
  Rollout(Service& service, Images& images, const workload::Rules& rules)
      : service_(service), images_(images), rules_(rules) {}

  /// `known` is what was made for the object before. Throws Error; the old pods run then.
  PodRecord bring(const ObjectId& id, const workload::Workload& workload,
                  const std::vector<KubePod>& kube_pods, const Pods& pods, const PodRecord& known);

  /// Makes the kube_pod's pod in place of the old ones, which are removed first, and starts it. Gives the ids
  /// of its containers. Images must be there.
  std::vector<std::string> remake(const ObjectId& id, const KubePod& kube_pod, const Pods& old);

  /// Removes an object's pods, with the volumes that are theirs alone.
  void remove(const Pods& pods);

 private:
  std::vector<std::string> make(const ObjectId& id, const KubePod& kube_pod, bool is_broken);
  void discard(const std::string& pod);
  void exchange(const std::vector<const KubePod*>& made, const std::vector<std::string>& old);

  Service& service_;
  Images& images_;
  const workload::Rules& rules_;
};

}  // namespace greenwave::drivers::podman
