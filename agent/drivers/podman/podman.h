#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "drivers/podman/crash_watch.h"
#include "drivers/podman/images.h"
#include "drivers/podman/prober.h"
#include "drivers/podman/service.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::podman {

/// What the parts of the driver share: one podman, and what is known of its pods beyond a session.
struct Podman {
  Podman(const config::Config& config, std::string key, const std::atomic<bool>& stop,
         std::function<void()> while_waiting, std::function<void(std::string_view)> tell);

  const bool live;  ///< else this is an image, in which nothing runs
  const std::string root;
  const workload::Rules rules;
  const config::Podman settings;
  const std::int64_t settle;  ///< seconds
  const std::string digest_key;
  Service service;
  Images images;
  CrashWatch crashes;
  Prober prober;
  bool has_left_out = false;

  /// Whether a pod is not run, since this is an image.
  bool leaves_out();
  /// Containers as they are now; one that is being restarted for its probe counts as running.
  std::vector<Container> containers();
};

}  // namespace greenwave::drivers::podman
