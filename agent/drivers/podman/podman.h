#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "drivers/podman/crash_watch.h"
#include "drivers/podman/images.h"
#include "drivers/podman/jobs.h"
#include "drivers/podman/prober.h"
#include "drivers/podman/service.h"
#include "drivers/podman/service_network.h"
#include "drivers/podman/starts.h"
#include "drivers/podman/stops.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::podman {

/// What the parts of the driver share: one podman, and what is known of its pods beyond a session.
struct Podman {
  /// `pulls` outlives this. `run` is as ServiceNetwork's.
  Podman(const config::Config& config, std::string key, Pulls& pulls, ServiceNetwork::Run run,
         const std::atomic<bool>& stop, std::function<void()> while_waiting,
         std::function<void(std::string_view)> tell);

  const bool live;  ///< false: under --root, where nothing runs
  const std::string root;
  const workload::Rules rules;
  const config::Podman settings;
  const std::int64_t settle;  ///< seconds
  const std::string digest_key;
  Service service;
  Pulls& pulls;
  Images images;
  Stops stops;
  Starts starts;
  Jobs jobs;
  CrashWatch crashes;
  Prober prober;
  ServiceNetwork network;
  bool has_left_out = false;

  /// True under --root, where no pod runs; notes() says so then.
  bool leaves_out();
  /// Containers as they are now; one that is being restarted for its probe counts as running.
  std::vector<Container> containers();
  /// Leads Services to the pods that run now. Throws Error.
  void refresh_network();
};

}  // namespace greenwave::drivers::podman
