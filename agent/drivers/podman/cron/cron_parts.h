#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "config/config.h"
#include "drivers/podman/cron/timers.h"
#include "drivers/podman/images.h"
#include "drivers/podman/service.h"
#include "drivers/podman/stops.h"

namespace greenwave::drivers::podman {

/// A CronJob as it is on the device.
struct CronParts {
  Units units;
  std::string run;  ///< a RunFile
  bool on = true;   ///< the timer runs

  bool operator==(const CronParts&) const = default;
};

/// What the inventory keeps of a CronJob.
struct CronRecord {
  std::string digest{};               ///< of its parts as they were applied, hexadecimal
  std::vector<std::string> pulled{};  ///< ids of images that were pulled for it
  std::vector<std::string> used{};    ///< ids of the images that it runs
};

std::string to_json(const CronRecord& record);
/// Throws Error (damaged) for what to_json did not write.
CronRecord cron_record_from(const std::string& text);

/// What the parts of the driver share.
struct Cron {
  /// `pulls` outlives this.
  Cron(const config::Config& config, std::string key, Pulls& pulls, const std::atomic<bool>& stop,
       const std::function<void()>& while_waiting);

  const bool live;  ///< false: under --root, where nothing runs
  const std::string root;
  const workload::Rules rules;
  const config::Podman settings;
  const std::filesystem::path state_directory;
  const Caller caller;
  const std::string digest_key;
  Service service;
  Images images;
  Stops stops;
  Timers timers;
  bool has_left_out = false;

  /// True under --root, where no CronJob runs; notes() says so then.
  bool leaves_out();
  std::filesystem::path run_file(const std::string& unit) const;
  Digest digest_of(const CronParts& parts) const;
};

/// Which timers run, as of one look at systemd.
class RunningTimers {
 public:
  RunningTimers(Cron& cron, const std::vector<std::string>& units);

  /// Throws Error if systemd did not answer.
  CronParts parts_of(const std::string& unit) const;

 private:
  const Cron& cron_;
  std::set<std::string> running_;
  std::optional<Error> failure_;
};

}  // namespace greenwave::drivers::podman
