#include "drivers/podman/footprint.h"

#include <fmt/format.h>

#include "drivers/podman/claim_volume.h"
#include "drivers/podman/claims.h"
#include "drivers/podman/limits.h"
#include "drivers/podman/network/cluster_service.h"
#include "drivers/podman/play_kube.h"
#include "drivers/podman/pod_fields.h"
#include "drivers/workload/host_path.h"
#include "drivers/workload/material.h"

namespace greenwave::drivers::podman {

namespace {

/// After the files, units and commands of the host, which pods may need.
constexpr int material_rank = 42;
constexpr int claim_rank = 43;
/// Pods that are made after it know its name from the beginning.
constexpr int service_rank = 43;
constexpr int workload_rank = 44;
constexpr plan::Watch pod_watch{.interval = std::chrono::seconds(2), .within = std::chrono::minutes(5)};

plan::Footprint ranked(const Manifest& manifest, int rank) {
  plan::Footprint footprint;
  footprint.sensitive = manifest.sensitive || manifest.id.kind == "Secret";
  footprint.rank = rank;
  return footprint;
}

}  // namespace

plan::Footprint workload_footprint(const workload::Rules& rules, const Manifest& manifest,
                                   Problems& problems) {
  auto footprint = ranked(manifest, workload_rank);
  const auto workload = read_runnable(manifest, rules, problems);
  workload::restart_on_needs(workload, footprint);
  // Whoever takes over all of its ports does not take over its pods: those are removed first.
  footprint.claims.push_back("pods:" + label_of(manifest.id));
  for (auto& claim : workload::port_claims(workload)) footprint.claims.push_back(std::move(claim));
  footprint.mounts = workload::mounts_of(workload);
  footprint.watch = pod_watch;
  return footprint;
}

plan::Footprint material_footprint(const workload::Rules&, const Manifest& manifest, Problems& problems) {
  check_fields(manifest, problems);
  workload::read_material(manifest, problems);
  auto footprint = ranked(manifest, material_rank);
  footprint.claims.push_back("material:" + label_of(manifest.id));
  return footprint;
}

plan::Footprint service_footprint(const workload::Rules&, const Manifest& manifest, Problems& problems) {
  check_fields(manifest, problems);
  read_service(manifest, {}, problems);
  auto footprint = ranked(manifest, service_rank);
  footprint.claims.push_back(fmt::format("service:{}.{}", manifest.id.name, space_of(manifest.id)));
  return footprint;
}

plan::Footprint claim_footprint(const workload::Rules&, const Manifest& manifest, Problems& problems) {
  check_fields(manifest, problems);
  auto footprint = ranked(manifest, claim_rank);
  footprint.claims.push_back("volume:" + volume_of(manifest.id.namespace_, manifest.id.name));
  return footprint;
}

}  // namespace greenwave::drivers::podman
