#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "drivers/podman/play_kube.h"
#include "drivers/workload/cron_job.h"

namespace greenwave::drivers::podman {

/// What a run of a CronJob needs to know: it goes on without the repository and without the agent. May hold
/// secrets, as its kube_pod does: the file is for root alone.
struct RunFile {
  ObjectId id;
  KubePod kube_pod;
  std::string schedule;  ///< as parse_schedule reads it
  std::string zone;
  std::optional<std::chrono::seconds> deadline;
  unsigned more_tries = 0;
};

RunFile run_file_of(const ObjectId& id, const workload::CronJob& job, KubePod kube_pod);

/// Its place below the agent's state directory. `unit` as unit_of gives it.
std::filesystem::path run_file_path(const std::filesystem::path& state_directory, const std::string& unit);

std::string to_json(const RunFile& file);

/// Throws Error (damaged) when it is not one.
RunFile run_file_from(const std::string& text);

}  // namespace greenwave::drivers::podman
