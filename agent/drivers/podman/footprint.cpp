#include "drivers/podman/footprint.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/podman/claims.h"
#include "drivers/podman/cron/units.h"
#include "drivers/podman/limits.h"
#include "drivers/podman/play_kube.h"
#include "drivers/workload/cron_job.h"
#include "drivers/workload/material.h"
#include "systemd/unit_name.h"

namespace greenwave::drivers::podman {

namespace {

/// After the files, units and commands of the host, which pods may need.
constexpr int material_rank = 42;
constexpr int claim_rank = 43;
constexpr int workload_rank = 44;
constexpr int cron_rank = 45;
constexpr plan::Watch pod_watch{.interval = std::chrono::seconds(2), .within = std::chrono::minutes(5)};
constexpr std::size_t longest_unit = 200;  ///< systemd allows 255, endings and stamps included

bool is_plain(const std::string& name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

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
  // Who takes over all of its ports does not take over its pods: they go first.
  footprint.claims.push_back("pods:" + label_of(manifest.id));
  for (auto& claim : workload::port_claims(workload)) footprint.claims.push_back(std::move(claim));
  footprint.watch = pod_watch;
  return footprint;
}

plan::Footprint material_footprint(const workload::Rules&, const Manifest& manifest, Problems& problems) {
  workload::read_material(manifest, problems);
  return ranked(manifest, material_rank);
}

plan::Footprint claim_footprint(const workload::Rules&, const Manifest& manifest, Problems&) {
  auto footprint = ranked(manifest, claim_rank);
  footprint.claims.push_back("volume:" + manifest.id.name);
  return footprint;
}

plan::Footprint cron_footprint(const workload::Rules& rules, const Manifest& manifest, Problems& problems) {
  const auto job = read_runnable_cron_job(manifest, rules, problems);
  const auto unit = unit_of(manifest.id);
  if (!is_plain(unit) || unit.size() > longest_unit) {
    problems.error(manifest.place(), fmt::format("no timer can be called {}", printable(unit)),
                   "name the CronJob with letters, digits, dots and dashes, at most 52 of them");
  }
  auto footprint = ranked(manifest, cron_rank);
  for (const auto* ending : {".timer", ".service"}) {
    footprint.claims.push_back("unit:" + unit + ending);
    footprint.claims.push_back(fmt::format("path:{}/{}{}", systemd::unit_directory, unit, ending));
  }
  workload::restart_on_needs(job.workload, footprint);
  return footprint;
}

}  // namespace greenwave::drivers::podman
