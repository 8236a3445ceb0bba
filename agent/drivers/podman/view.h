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

/// What runs here of ours, at one moment. Pure.
class View {
 public:
  explicit View(std::vector<Container> containers);

  /// Empty when there are none.
  const Pods& of(const std::string& object) const;

 private:
  std::map<std::string, Pods> all_;
};

/// Whether a container is as a pod's restart policy wants it.
bool is_up(const Container& container, const std::string& restart);

/// How pods differ from what was applied, in a few words; nothing when they do not.
std::optional<std::string> drift_of(const PodRecord& record, const Pods& pods);

/// What a kube_pod's pod is now.
enum class PodState {
  missing,
  broken,   ///< containers are missing
  stopped,  ///< all there, and not all up
  up,
};
/// What has run once, as the record says, is not missing because its pod is gone.
PodState state_of(const KubePod& kube_pod, const workload::Workload& workload, const Pods& pods,
                  const PodRecord& record);

/// Health of an object's pods. `settle` is how long one must have been up, `now` in seconds since 1970;
/// `unready` has by id what probes say of containers that do not pass them.
Health health_of(const PodRecord& record, const Pods& pods, std::int64_t now, std::int64_t settle,
                 const std::map<std::string, std::string>& unready);

}  // namespace greenwave::drivers::podman
