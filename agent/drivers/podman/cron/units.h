#pragma once

#include <filesystem>
#include <string>

#include "drivers/workload/cron_job.h"

namespace greenwave::drivers::podman {

/// The name of a CronJob's units, without the suffix: "greenwave-cronjob-backup", with a namespace
/// "greenwave-cronjob-cabinet.backup".
std::string unit_of(const ObjectId& id);

/// How to call greenwaved to run it.
struct Caller {
  std::filesystem::path program;  ///< greenwaved's own
  std::filesystem::path config;   ///< its agent.yaml
  std::filesystem::path state;    ///< the agent's directory
};

/// The two units that run a CronJob, as systemd reads them.
struct Units {
  std::string timer;
  std::string service;

  bool operator==(const Units&) const = default;
};

/// Pure.
Units units_of(const ObjectId& id, const workload::CronJob& job, const Caller& caller);

}  // namespace greenwave::drivers::podman
