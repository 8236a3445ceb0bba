#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/podman/cron/run_file.h"
#include "drivers/podman/cron/timers.h"
#include "drivers/podman/images.h"
#include "drivers/podman/material.h"
#include "drivers/podman/service.h"

namespace greenwave::drivers::podman {

/// Runs CronJobs under podman as systemd's timers: they run while the agent does not, and after a boot
/// without the network. What a run needs lies in the state directory. Below another root nothing is run.
class CronDriver : public Driver {
 public:
  /// As PodmanDriver.
  CronDriver(const config::Config& config, std::string digest_key, const std::atomic<bool>& stop,
             std::function<void()> while_waiting);

  /// Not without systemd.
  bool serves(const ObjectId& id) const override;
  plan::Footprint footprint(const Manifest& manifest, Problems& problems) const override;
  void begin(const Pass& pass) override;
  void foresee_drift(std::span<const Entry* const> entries) override;
  void foresee_compare(std::span<const Candidate> candidates) override;
  std::optional<std::string> away() const override { return away_; }
  std::optional<std::string> drift(const Entry& entry,
                                   std::optional<std::vector<FileSignature>>& refreshed) override;
  void declare(std::span<const plan::Desired> desired) override;
  plan::Difference compare(const plan::Desired& desired, const Entry* entry, const SourceTree& tree) override;
  void apply(std::span<const plan::Step* const> steps, const SourceTree& tree, const Report& report,
             const std::function<bool()>& stop) override;

  /// What people should be told once: that CronJobs are not run here, if there are any.
  std::vector<std::string> notes() const;

 private:
  /// What a CronJob is on the device.
  struct Parts {
    Units units;
    std::string run;  ///< a RunFile
    bool on = true;   ///< the timer runs

    bool operator==(const Parts&) const = default;
  };
  struct Wanted {
    Parts parts;
    std::vector<Image> images;
  };
  struct Work;
  struct Record;

  bool left_out() const;
  void look(const std::vector<std::string>& units);
  Wanted wanted(const Manifest& manifest) const;
  Parts found(const std::string& unit) const;
  Digest digest_of(const Parts& parts) const;
  std::filesystem::path run_file(const std::string& unit) const;
  Work prepare(const plan::Step& step);
  void finish(Work& work);
  static std::string to_json(const Record& record);
  static Record record_from(const std::string& text);
  Record bring_images(const std::vector<Image>& images, const Record& known);
  void remove(const Entry& entry);

  const bool live_;
  const std::string root_;
  const Rules rules_;
  const config::Podman settings_;
  const std::filesystem::path state_directory_;
  const Caller caller_;
  const std::string digest_key_;
  Service service_;
  Images images_;
  Timers timers_;
  Store store_;
  std::set<std::string> running_;  ///< timers, as of the last look in this pass
  std::optional<Error> blind_;     ///< why that look failed
  std::optional<std::string> away_;
  mutable bool left_out_ = false;
};

}  // namespace greenwave::drivers::podman
