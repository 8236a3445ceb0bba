#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/podman/play_kube.h"
#include "drivers/podman/pod_record.h"
#include "drivers/podman/service.h"

namespace greenwave::drivers::podman {

/// The containers of each pod of one object, by the pod's name.
using Pods = std::map<std::string, std::vector<Container>>;

/// Our containers at one moment. Pure.
class View {
 public:
  explicit View(std::vector<Container> containers);

  /// Empty if there are none.
  const Pods& of(const std::string& object) const;

 private:
  std::map<std::string, Pods> all_;
};

/// Whether a container is as a pod's restart policy wants it.
bool is_up(const Container& container, const std::string& restart);

/// What of a pod is not as its restart policy wants it, in a few words; empty: nothing. An init container has
/// ended, and a sidecar runs as long as the rest.
std::string unfit(const std::vector<Container>& pod, const std::string& restart);

/// How pods differ from what was applied, in a few words; nothing if they do not.
std::optional<std::string> drift_of(const PodRecord& record, const Pods& pods);

/// A pod that the record does not have, in a few words; nothing if there is none.
std::optional<std::string> left_over(const PodRecord& record, const Pods& pods);

/// The state of a kube_pod's pod.
enum class PodState {
  missing,
  broken,   ///< containers are missing
  stopped,  ///< all are there, but not all are up
  up,
};
/// A pod that runs only once is not missing if the record has it.
PodState state_of(const KubePod& kube_pod, const workload::Workload& workload, const Pods& pods,
                  const PodRecord& record);

/// Health of an object's pods. `settle`: for how many seconds a pod must have been up. `now`: seconds since
/// 1970. `unready`: by container id, why probes fail.
Health health_of(const PodRecord& record, const Pods& pods, std::int64_t now, std::int64_t settle,
                 const std::map<std::string, std::string>& unready);

}  // namespace greenwave::drivers::podman
