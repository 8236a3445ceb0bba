#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/own_paths.h"
#include "drivers/driver.h"
#include "drivers/kinds.h"
#include "drivers/podman/pulls.h"
#include "kinds/table.h"
#include "systemd/reload_debt.h"

namespace greenwave::kinds {

/// A driver of this device, and the kinds that it serves.
struct Served {
  const drivers::Kinds* kinds;
  drivers::Driver* driver;
};

/// What the drivers of a device are made with; all but the functions outlives them.
struct Wiring {
  const config::Config& config;
  const std::string& digest_key;
  const config::OwnPaths& own;                    ///< what is the agent's, and where links lead to it
  const std::atomic<bool>& stop;                  ///< ends what takes long
  std::function<void()> heartbeat;                ///< called meanwhile
  std::function<void(std::string_view)> warning;  ///< for the log, in any thread
  std::optional<Duration> pull_patience = {};     ///< as podman::Pulls'
  std::filesystem::path programs = {};            ///< see drivers::host::Host
};

/// All drivers of a device.
class Drivers {
 public:
  explicit Drivers(const Wiring& wiring);

  const std::vector<Served>& list() const { return list_; }

 private:
  void serve(const Wiring& wiring, Server server, std::unique_ptr<drivers::Driver> driver);
  void serve(const config::Config& config, const drivers::Kinds& kinds,
             std::unique_ptr<drivers::Driver> driver);

  systemd::ReloadDebt reload_debt_;
  std::unique_ptr<drivers::podman::Pulls> pulls_;
  std::vector<std::unique_ptr<drivers::Kinds>> kinds_;
  std::vector<std::unique_ptr<drivers::Driver>> drivers_;
  std::vector<Served> list_;
};

}  // namespace greenwave::kinds
