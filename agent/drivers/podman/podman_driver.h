#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/podman/claims.h"
#include "drivers/podman/crash_watch.h"
#include "drivers/podman/images.h"
#include "drivers/podman/material.h"
#include "drivers/podman/prober.h"
#include "drivers/podman/service.h"
#include "drivers/podman/view.h"

namespace greenwave::drivers::podman {

/// Runs Pods, Deployments, DaemonSets and Jobs under podman, by its kube play, with their ConfigMaps, Secrets
/// and PersistentVolumeClaims. What belongs to whom is told by labels on podman's side: a look at all of it
/// is one request. Below another root nothing is run.
class PodmanDriver : public Driver {
 public:
  /// `stop` ends what takes long, `while_waiting` is called meanwhile (for a watchdog); `tell` takes what
  /// people should find in the log, in any thread.
  PodmanDriver(const config::Config& config, std::string digest_key, const std::atomic<bool>& stop,
               std::function<void()> while_waiting, std::function<void(std::string_view)> tell);

  /// Whether pods run for a device so configured.
  static bool is_live(const config::Config& config) { return config.root == "/"; }

  bool serves(const ObjectId& id) const override;
  plan::Footprint footprint(const Manifest& manifest, Problems& problems) const override;
  void begin(const Pass& pass) override;
  std::optional<std::string> drift(const Entry& entry,
                                   std::optional<std::vector<FileSignature>>& refreshed) override;
  void declare(std::span<const plan::Desired> desired) override;
  plan::Difference compare(const plan::Desired& desired, const Entry* entry, const SourceTree& tree) override;
  void apply(std::span<const plan::Step* const> steps, const SourceTree& tree, const Report& report,
             const std::function<bool()>& stop) override;
  std::vector<Health> health(std::span<const Entry* const> entries, Duration patience) override;

  std::optional<std::string> away() const override;

  /// What the probes of the pods say; it outlives this.
  std::shared_ptr<const ProbeBoard> board() const { return prober_.board(); }

  /// Starts what was applied and is not up: after a boot, before anything is known of the network. Gives what
  /// could not be started, and why.
  std::vector<std::string> start(std::span<const Entry> inventory);

  /// What people should be told once: that pods are not run here, if there are any.
  std::vector<std::string> notes() const;

 private:
  std::vector<Container> look();
  const View& view();
  bool left_out() const;
  plan::Difference compare_workload(const plan::Desired& desired, const Entry* entry);
  Outcome apply_one(const plan::Step& step);
  void apply_workload(const plan::Step& step, Outcome& outcome);
  void stop_between_tries(const std::string& pod);
  void hold_back(const Pods& pods, const std::vector<Sheet>& sheets);
  void remove(const plan::Step& step, Outcome& outcome);

  const bool live_;
  const std::string root_;
  const Rules rules_;
  const config::Podman settings_;
  const std::int64_t settle_;
  const std::string digest_key_;
  Service service_;
  Images images_;
  Claims claims_;
  Store store_;
  /// What podman said in this pass; also when it did not answer, so that 20 pods do not ask 20 times.
  std::variant<std::monostate, View, Error> view_;
  CrashWatch crashes_;
  Prober prober_;
  bool first_look_ = true;  ///< of this pass
  mutable bool left_out_ = false;
};

}  // namespace greenwave::drivers::podman
