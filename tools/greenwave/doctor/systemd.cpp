#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include "base/contains.h"
#include "base/error.h"
#include "doctor/checks.h"
#include "drivers/host/packages/package_job.h"
#include "drivers/host/program_call.h"
#include "drivers/host/unit_spec.h"
#include "guard/own_files.h"
#include "systemd/manager.h"

namespace greenwave::cli {

namespace {

struct BusClosed {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};

/// systemd's version, read over D-Bus; empty, with `failure` set, when it does not answer.
std::string manager_version(int& failure) {
  sd_bus* raw = nullptr;
  failure = sd_bus_open_system(&raw);
  const std::unique_ptr<sd_bus, BusClosed> bus(raw);
  if (failure < 0) return {};
  sd_bus_set_method_call_timeout(bus.get(), 3'000'000);
  char* version = nullptr;
  failure = sd_bus_get_property_string(bus.get(), "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                       "org.freedesktop.systemd1.Manager", "Version", nullptr, &version);
  const std::unique_ptr<char, decltype(&std::free)> owner(version, &std::free);
  return failure < 0 ? std::string() : std::string(version);
}

/// What would bring the agent back from a commit that breaks it.
Finding guard_finding(const std::string& file_state) {
  const auto guard = guard::guard_unit;
  if (file_state.starts_with("enabled")) {
    return {CheckResult::ok, "guard", fmt::format("{} is enabled", guard), ""};
  }
  return {CheckResult::warning, "guard",
          fmt::format("{} is {}: nothing brings the agent back from a commit that breaks it", guard,
                      file_state.empty() ? "not installed" : file_state),
          file_state.empty() ? "install Greenwave again: packaging/install"
                             : fmt::format("sudo systemctl enable {}", guard)};
}

/// A unit that does something for the agent, when that asks it to.
struct Helper {
  std::string unit;
  const char* check;
  const char* kind;     ///< of manifests that need it
  const char* without;  ///< what there is not, where it cannot start
};

Finding helper_finding(const Helper& helper, const std::string& file_state) {
  if (file_state == "static") {
    return {CheckResult::ok, helper.check, fmt::format("{} is installed", helper.unit), ""};
  }
  return {CheckResult::warning, helper.check,
          fmt::format("{} is {}: {}", helper.unit, file_state.empty() ? "not installed" : file_state,
                      helper.without),
          file_state.empty() ? "install Greenwave again: packaging/install"
                             : fmt::format("sudo systemctl unmask {}; or, where this is meant, leave {} out "
                                           "of allowedKinds in agent.yaml",
                                           helper.unit, helper.kind)};
}

/// Those that this device may need.
std::vector<Helper> helpers_of(const config::Config& config) {
  std::vector<Helper> helpers{{std::string(drivers::host::programs_unit), "programs", "Command",
                               "no Command and no program of a HealthCheck runs"}};
  std::error_code unknown;
  if (std::filesystem::exists("/usr/bin/dpkg", unknown)) {
    helpers.push_back({std::string(drivers::host::packages_unit), "packages", "Package",
                       "no Package is installed, held or removed"});
  }
  std::erase_if(helpers, [&kinds = config.allowed_kinds](const Helper& helper) {
    return kinds && !contains(*kinds, helper.kind);
  });
  return helpers;
}

/// The units beside the agent's own.
void check_units(const config::Config& config, Findings& findings) {
  const std::string agent(drivers::host::own_unit);
  const std::string guard(guard::guard_unit);
  const auto helpers = helpers_of(config);
  std::vector<std::string> units{agent, guard};
  for (const auto& helper : helpers) units.push_back(helper.unit);
  try {
    auto files = systemd::Manager().file_states(units);
    if (files[agent].empty()) return;  // the agent is not installed as a service
    findings.push_back(guard_finding(files[guard]));
    for (const auto& helper : helpers) findings.push_back(helper_finding(helper, files[helper.unit]));
  } catch (const Error& error) {
    findings.push_back({CheckResult::failed, "guard", error.message(), error.remedy()});
  }
}

}  // namespace

void check_systemd(const config::Config& config, Findings& findings) {
  if (config.root != "/") {
    findings.push_back(
        {CheckResult::ok, "systemd", "not needed with --root: units are written, not started", ""});
    return;
  }
  if (sd_booted() <= 0) {
    findings.push_back(
        {CheckResult::failed, "systemd", "this system was not booted with systemd",
         "units can't be started here; run greenwaved with --root, or on a system with systemd"});
    return;
  }
  int failure = 0;
  const auto version = manager_version(failure);
  if (failure < 0) {
    findings.push_back({CheckResult::failed, "systemd",
                        fmt::format("systemd does not answer over D-Bus: {}", std::strerror(-failure)),
                        "see: systemctl status dbus; install the package dbus"});
    return;
  }
  findings.push_back({CheckResult::ok, "systemd", fmt::format("systemd {} answers over D-Bus", version), ""});
  check_units(config, findings);
}

}  // namespace greenwave::cli
