#include "kinds/drivers.h"

#include <utility>

#include "base/contains.h"
#include "drivers/allowed_kinds.h"
#include "drivers/host/check_driver.h"
#include "drivers/host/command_driver.h"
#include "drivers/host/file_driver.h"
#include "drivers/host/packages/package_driver.h"
#include "drivers/host/programs.h"
#include "drivers/host/unit_driver.h"
#include "drivers/kubernetes/driver.h"
#include "drivers/podman/cron/cron_driver.h"
#include "drivers/podman/podman_driver.h"
#include "systemd/manager.h"

namespace greenwave::kinds {

namespace {

constexpr Duration job_timeout = std::chrono::seconds(90);

/// Without Commands no program of a manifest runs, nor is one of an older configuration looked at or undone.
drivers::host::Host host_of(const Wiring& wiring) {
  const auto& config = wiring.config;
  auto users = config.program_users;
  if (config.allowed_kinds && !contains(*config.allowed_kinds, "Command")) users.emplace();
  return {config.root,      config.allowed_paths, wiring.digest_key, config.kept(),
          std::move(users), wiring.own,           wiring.programs};
}

constexpr const char* packages_directory = "packages";

/// Where the agent is a service, a unit does the work, at the place that it names.
drivers::host::PackageDriver::Parts packages_of(const Wiring& wiring) {
  const auto& config = wiring.config;
  auto host = host_of(wiring);
  host.program_users = config.program_users;
  const bool by_unit = host.is_live() && !wiring.programs.empty();
  const auto runtime = by_unit ? std::filesystem::path("/run/greenwave") : config.runtime_directory;
  return {.host = std::move(host),
          .jobs = {.directory = runtime / packages_directory,
                   .root = config.root,
                   .by_unit = by_unit,
                   .while_waiting = wiring.heartbeat,
                   .stop = &wiring.stop},
          .store = config.state_directory / packages_directory};
}

}  // namespace

Drivers::Drivers(const Wiring& wiring)
    : reload_debt_(wiring.config.runtime_directory / "daemon-reload-owed") {
  using namespace drivers;
  const auto& [config, key, own, stop, heartbeat, warning, pull_patience, programs] = wiring;
  const auto host = host_of(wiring);
  const auto settle = config.health.settle;
  const bool runs_systemd = host.is_live() && systemd::Manager::is_init();
  serve(wiring, Server::files,
        std::make_unique<host::FileDriver>(host, runs_systemd ? &reload_debt_ : nullptr));
  auto units = std::make_unique<host::UnitDriver>(host, heartbeat, job_timeout, settle, &reload_debt_);
  auto reload = [driver = units.get()] { driver->reload_if_owed(); };
  serve(wiring, Server::units, std::move(units));
  serve(wiring, Server::packages, std::make_unique<host::PackageDriver>(packages_of(wiring)));
  serve(wiring, Server::commands, std::make_unique<host::CommandDriver>(host, heartbeat, std::move(reload)));
  serve(wiring, Server::checks, std::make_unique<host::CheckDriver>(host, settle, heartbeat));
  if (config.runtime == config::Runtime::podman) {
    pulls_ = std::make_unique<podman::Pulls>(podman::pull_from(config.podman.socket), pull_patience, stop,
                                             heartbeat);
    auto run = [host](const Command& command) { return host::run_program(host, command); };
    serve(wiring, Server::pods,
          std::make_unique<podman::PodmanDriver>(config, key, *pulls_, std::move(run), stop, heartbeat,
                                                 warning));
    // Its timers are systemd's.
    if (!podman::PodmanDriver::is_live(config) || systemd::Manager::is_init()) {
      serve(wiring, Server::cron_jobs,
            std::make_unique<podman::CronDriver>(config, key, *pulls_, stop, heartbeat));
    }
  }
  if (config.runtime == config::Runtime::kubernetes) {
    auto driver = std::make_unique<kubernetes::KubernetesDriver>(
        config.kubernetes, kubernetes::owner_of(config.device, config.repository), key, stop, heartbeat);
    const auto& kinds = driver->kinds();
    serve(config, kinds, std::move(driver));
  }
}

void Drivers::serve(const Wiring& wiring, Server server, std::unique_ptr<drivers::Driver> driver) {
  const auto& config = wiring.config;
  Rules rules{host_of(wiring), drivers::workload::rules_of(config, wiring.own)};
  // The scripts of packages need no Commands.
  if (server == Server::packages) rules.host.program_users = config.program_users;
  kinds_.push_back(std::make_unique<TableKinds>(std::move(rules), server));
  serve(config, *kinds_.back(), std::move(driver));
}

void Drivers::serve(const config::Config& config, const drivers::Kinds& kinds,
                    std::unique_ptr<drivers::Driver> driver) {
  const auto* served = &kinds;
  if (config.allowed_kinds) {
    kinds_.push_back(std::make_unique<drivers::AllowedKinds>(kinds, *config.allowed_kinds));
    served = kinds_.back().get();
  }
  list_.push_back({served, driver.get()});
  drivers_.push_back(std::move(driver));
}

}  // namespace greenwave::kinds
