#include "drivers/podman/cron/cron_footprint.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/podman/cron/units.h"
#include "drivers/podman/limits.h"
#include "drivers/podman/play_kube.h"
#include "drivers/workload/cron_job.h"
#include "drivers/workload/host_path.h"
#include "drivers/workload/material.h"
#include "systemd/unit_name.h"

namespace greenwave::drivers::podman {

namespace {

constexpr int cron_rank = 45;              ///< after the pods
constexpr std::size_t longest_unit = 200;  ///< systemd allows 255, endings and stamps included

bool is_plain(const std::string& name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

}  // namespace

plan::Footprint cron_footprint(const workload::Rules& rules, const Manifest& manifest, Problems& problems) {
  const auto job = read_runnable_cron_job(manifest, rules, problems);
  const auto unit = unit_of(manifest.id);
  if (!is_plain(unit) || unit.size() > longest_unit) {
    problems.error(manifest.place(), fmt::format("no timer can be called {}", printable(unit)),
                   "name the CronJob with letters, digits, dots and dashes, at most 52 of them");
  }
  plan::Footprint footprint;
  footprint.sensitive = manifest.sensitive;
  footprint.rank = cron_rank;
  footprint.claims.push_back("pods:" + label_of(manifest.id));
  for (const auto* ending : {".timer", ".service"}) {
    footprint.claims.push_back("unit:" + unit + ending);
    footprint.claims.push_back(fmt::format("path:{}/{}{}", systemd::unit_directory, unit, ending));
  }
  footprint.mounts = workload::mounts_of(job.workload);
  workload::restart_on_needs(job.workload, footprint);
  return footprint;
}

}  // namespace greenwave::drivers::podman
