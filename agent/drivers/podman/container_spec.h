#pragma once

#include <map>
#include <string>

#include <nlohmann/json.hpp>

namespace greenwave::drivers::podman {

/// How a container joins a pod.
struct Joining {
  std::string pod;                            ///< its name
  std::string restart;                        ///< podman's word: "no", "always"
  std::map<std::string, std::string> labels;  ///< of the container
  nlohmann::ordered_json annotations;         ///< of the pod; null: none
};

/// The body of POST containers/create for a container of a sheet: what kube play 4.3 makes of one of
/// `containers` (podman's pkg/specgen/generate/kube/kube.go), with a restart policy of its own. `container`
/// and `spec`, its pod's, are as they are in the sheet. Pure; throws nlohmann's exceptions for what is not as
/// Kubernetes has it.
nlohmann::ordered_json container_spec(const nlohmann::ordered_json& container,
                                      const nlohmann::ordered_json& spec, const Joining& joining);

}  // namespace greenwave::drivers::podman
