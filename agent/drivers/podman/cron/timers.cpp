#include "drivers/podman/cron/timers.h"

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "systemd/unit_name.h"

namespace greenwave::drivers::podman {

namespace {

constexpr std::size_t largest_unit = 1 << 20;
const std::filesystem::path wants = std::filesystem::path(systemd::unit_directory) / "timers.target.wants";

std::filesystem::path path_of(const std::string& name) {
  return std::filesystem::path(systemd::unit_directory) / name;
}

/// Where systemd keeps the time of a timer's last run, for Persistent=.
std::filesystem::path stamp_of(const std::string& timer) {
  return std::filesystem::path("/var/lib/systemd/timers") / ("stamp-" + timer);
}

std::string text_of(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(std::filesystem::symlink_status(path, error))
             ? read_file(path, largest_unit)
             : "";
}

void remove_file(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  if (error)
    throw Error(Fault::transient, fmt::format("cannot remove {}: {}", path.native(), error.message()));
}

}  // namespace

Units Timers::read(const std::string& unit) {
  return {text_of(path_of(unit + ".timer")), text_of(path_of(unit + ".service"))};
}

std::set<std::string> Timers::running(const std::vector<std::string>& units) {
  const systemd::Conversation conversation(systemd_);
  std::vector<std::string> timers;
  for (const auto& unit : units) timers.push_back(unit + ".timer");
  const auto states = systemd_.states(timers);
  std::set<std::string> running;
  for (const auto& unit : units) {
    const auto timer = unit + ".timer";
    std::error_code error;
    const bool enabled = std::filesystem::is_symlink(wants / timer, error);
    if (enabled && states.at(timer).active == "active") running.insert(unit);
  }
  return running;
}

nlohmann::json Timers::describe(const std::string& unit) {
  const systemd::Conversation conversation(systemd_);
  const auto timer = unit + ".timer";
  const auto service = unit + ".service";
  const auto states = systemd_.states({timer, service});
  nlohmann::json details{{"unit", unit}};
  if (states.at(timer).load != "loaded" || states.at(service).load != "loaded") return details;
  const auto schedule = systemd_.schedule(states.at(timer).path);
  if (schedule.next) details["next"] = to_iso(*schedule.next);
  if (schedule.last) details["last"] = to_iso(*schedule.last);
  const auto& active = states.at(service).active;
  const bool runs = active == "activating" || active == "active";
  if (runs) details["result"] = "running";
  const auto run = systemd_.last_run(states.at(service).path);
  if (!runs && run.ended) details["result"] = run.result;
  return details;
}

std::map<std::string, Error> Timers::bring(const std::vector<Order>& orders) {
  const systemd::Conversation conversation(systemd_);
  std::map<std::string, Error> failed;
  const auto each = [&](const auto& act) {
    for (const auto& order : orders) {
      if (failed.contains(order.unit)) continue;
      try {
        act(order, order.unit + ".timer");
      } catch (const Error& error) {
        failed.emplace(order.unit, error);
      }
    }
  };
  each([this](const Order& order, const std::string& timer) {
    replace_file(path_of(timer), order.units.timer);
    replace_file(path_of(order.unit + ".service"), order.units.service);
    order.on ? systemd_.enable(timer) : systemd_.disable(timer);
  });
  systemd_.reload();
  each([this](const Order& order, const std::string& timer) {
    systemd_.run(order.on ? systemd::Job::restart : systemd::Job::stop, timer);
  });
  return failed;
}

void Timers::remove(const std::vector<std::string>& names) {
  if (names.empty()) return;
  const systemd::Conversation conversation(systemd_);
  for (const auto& [name, state] : systemd_.states(names)) {
    if (state.active != "inactive" && state.active != "failed") systemd_.run(systemd::Job::stop, name);
  }
  for (const auto& name : names) {
    if (name.ends_with(".timer")) {
      systemd_.disable(name);
      remove_file(stamp_of(name));
    }
    remove_file(path_of(name));
  }
  systemd_.reload();
}

}  // namespace greenwave::drivers::podman
