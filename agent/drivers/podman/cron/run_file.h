#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "drivers/podman/play_kube.h"
#include "drivers/workload/cron_job.h"

namespace greenwave::drivers::podman {

/// What a run of a CronJob needs, so that it works without the repository and the agent. May hold secrets, as
/// its kube_pod does: only root may read the file.
struct RunFile {
  ObjectId id;
  KubePod kube_pod;
  std::string schedule;  ///< as parse_schedule reads it
  std::string zone;
  std::optional<std::chrono::seconds> deadline;
  unsigned more_tries = 0;
};

RunFile run_file_of(const ObjectId& id, const workload::CronJob& job, KubePod kube_pod);

/// Its path in the agent's state directory. `unit` is as unit_of returns it.
std::filesystem::path run_file_path(const std::filesystem::path& state_directory, const std::string& unit);

std::string to_json(const RunFile& file);

/// Throws Error (damaged) if it is not one.
RunFile run_file_from(const std::string& text);

}  // namespace greenwave::drivers::podman
