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
inline constexpr std::string_view grace = "dev.greenwave/grace";      ///< a pod's, in seconds
inline constexpr std::string_view stop_hooks = "dev.greenwave/stop";  ///< a pod's: see lifecycle.h
inline constexpr std::string_view tries = "dev.greenwave/tries";      ///< of a Job's pod: those that failed
inline constexpr std::string_view begun = "dev.greenwave/begun";      ///< of a Job, in seconds since 1970
inline constexpr std::string_view init = "dev.greenwave/init";        ///< an init container's turn
inline constexpr std::string_view sidecar = "dev.greenwave/sidecar";  ///< a sidecar's turn
}  // namespace labels

inline constexpr std::size_t shown_digest = 10;  ///< of it, in a pod's name

/// A container that starts before those of kube play, in its turn.
struct Starter {
  std::string name;  ///< in podman
  std::string body;  ///< for Service::create_container. May hold secrets
};

/// One pod, ready for podman's kube play. Its name ends with part of the digest, so that it can exist beside
/// the pod that it will replace.
struct KubePod {
  std::string pod;
  std::string digest;
  std::vector<std::string> containers;  ///< their names in podman
  std::vector<std::string> host_paths;  ///< of the manifest
  std::vector<workload::Image> images;
  Provision provision;
  std::string text;               ///< for prepare(): a Pod in JSON. May hold secrets
  std::vector<Starter> starters;  ///< in their order; empty: all start at once
};

/// The images of an object's pods, for people.
std::string images_in(const std::vector<KubePod>& kube_pods);

/// An object's id, as labels have it.
std::string label_of(const ObjectId& id);

/// One KubePod for each pod, by its sheet (sheet.h): variables are filled in, and volumes are the pod's
/// alone. Annotations that `rules` do not pass on stay behind; a variable that names one gets its value. Only
/// ports with a hostPort are passed on. Init containers are not in the text, and such a pod has the
/// restartPolicy OnFailure in it where it is Always: podman 4.3 restarts init containers that have ended, and
/// podman-restart.service would start the rest without them after a boot. The digest is keyed by `key`.
/// Throws Error (invalid) if a ConfigMap, a Secret or a key in one is missing. Looks at the device's
/// addresses where a variable names one.
std::vector<KubePod> kube_pods_of(const Manifest& manifest, const workload::Workload& workload,
                                  const workload::Rules& rules, const workload::Store& store,
                                  const std::string& key);

}  // namespace greenwave::drivers::podman
