#pragma once

#include <nlohmann/json_fwd.hpp>

#include "drivers/podman/play_kube.h"
#include "drivers/workload/content.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::podman {

/// A PodSpec as podman gets it: nothing is left for podman to look up, expand, default or convert, so that
/// its meaning does not depend on podman's version. What podman is not told is Greenwave's.
///
/// Of a workload without problems. `written` is its PodSpec. Of `kube_pod`, whose pod has its name, this
/// fills in the provision and the manifest's paths of the host, with what is mounted of them. Throws Error
/// (invalid) for what is not there and must be, and for a subPathExpr that leads out of its volume; throws
/// nlohmann::json::exception where it is no pod.
nlohmann::ordered_json sheet_of(const workload::Workload& workload, const nlohmann::ordered_json& written,
                                const workload::Content& content, const workload::Rules& rules,
                                KubePod& kube_pod);

}  // namespace greenwave::drivers::podman
