#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/podman/provision.h"
#include "drivers/workload/content.h"
#include "drivers/workload/material.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::podman {

/// Labels of ours on pods, containers and volumes.
namespace labels {
inline constexpr std::string_view object = "dev.greenwave/object";    ///< "v1/Pod//web"
inline constexpr std::string_view digest = "dev.greenwave/digest";    ///< of what the pod was made from
inline constexpr std::string_view probes = "dev.greenwave/probes";    ///< a pod's: see probe.h
inline constexpr std::string_view restart = "dev.greenwave/restart";  ///< a pod's restartPolicy
inline constexpr std::string_view pod = "dev.greenwave/pod";          ///< a volume's
inline constexpr std::string_view own_paths = "dev.greenwave/paths";  ///< of the host, made for the pod: JSON
}  // namespace labels

inline constexpr std::size_t shown_digest = 10;  ///< of it, in a pod's name

/// One pod, ready for podman's kube play. Its name ends with part of the digest, so that it can exist beside
/// the pod that it will replace.
struct KubePod {
  std::string pod;
  std::string digest;
  std::vector<std::string> containers;  ///< their names in podman
  std::vector<std::string> host_paths;  ///< of the manifest
  std::vector<workload::Image> images;
  Provision provision;
  std::string text;  ///< for prepare(): a Pod in JSON. May hold secrets
};

/// An object's id, as labels have it.
std::string label_of(const ObjectId& id);

/// One KubePod for each pod, by its sheet (sheet.h): variables are filled in, and volumes are the pod's
/// alone. Annotations that `rules` do not pass on stay behind; a variable that names one gets its value. Only
/// ports with a hostPort are passed on. The digest is keyed by `key`. Throws Error (invalid) if a ConfigMap,
/// a Secret or a key in one is missing. Looks at the device's addresses where a variable names one.
std::vector<KubePod> kube_pods_of(const Manifest& manifest, const workload::Workload& workload,
                                  const workload::Rules& rules, const workload::Store& store,
                                  const std::string& key);

}  // namespace greenwave::drivers::podman
