#include "drivers/podman/cron/cron_parts.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "drivers/podman/cron/run_file.h"
#include "drivers/podman/podman_driver.h"

namespace greenwave::drivers::podman {

namespace {

constexpr std::size_t largest_run_file = 64 << 20;

/// greenwaved's own path; after an upgrade, the path of the new one.
std::filesystem::path own_program() {
  constexpr std::string_view replaced = " (deleted)";
  auto path = std::filesystem::read_symlink("/proc/self/exe").native();
  if (path.ends_with(replaced)) path.resize(path.size() - replaced.size());
  return path;
}

}  // namespace

std::string to_json(const CronRecord& record) {
  return nlohmann::ordered_json{{"digest", record.digest}, {"pulled", record.pulled}, {"used", record.used}}
      .dump();
}

CronRecord cron_record_from(const std::string& text) {
  if (text.empty()) return {};
  try {
    const auto json = nlohmann::json::parse(text);
    return {json.at("digest"), json.at("pulled"), json.at("used")};
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::damaged, "the agent's record of a CronJob cannot be read");
  }
}

Cron::Cron(const config::Config& config, std::string key, Pulls& pulls, const std::atomic<bool>& stop,
           const std::function<void()>& while_waiting)
    : live(PodmanDriver::is_live(config)),
      root(config.root.native()),
      rules(workload::rules_of(config, with_real_places(own_paths(config, own_program()), config.root))),
      settings(config.podman),
      state_directory(config.state_directory),
      caller{own_program(), std::filesystem::absolute(config.file), config.state_directory},
      digest_key(std::move(key)),
      service(settings.socket, stop, while_waiting),
      images(service, pulls, settings.images, settings.credentials),
      stops(settings.socket, pulls.patience(), stop, while_waiting),
      timers(while_waiting) {}

bool Cron::leaves_out() {
  has_left_out = has_left_out || !live;
  return !live;
}

std::filesystem::path Cron::run_file(const std::string& unit) const {
  return run_file_path(state_directory, unit);
}

Digest Cron::digest_of(const CronParts& parts) const {
  Hasher hasher(digest_key);
  hasher.add_field(parts.units.timer).add_field(parts.units.service).add_field(parts.run);
  return hasher.add_field(parts.on ? "on" : "off").finish();
}

RunningTimers::RunningTimers(Cron& cron, const std::vector<std::string>& units) : cron_(cron) {
  if (units.empty() || !cron.live) return;
  try {
    running_ = cron.timers.running(units);
  } catch (const Error& error) {
    failure_ = error;
  }
}

CronParts RunningTimers::parts_of(const std::string& unit) const {
  if (failure_) throw *failure_;
  CronParts parts{Timers::read(unit), {}, running_.contains(unit)};
  const auto file = cron_.run_file(unit);
  if (std::filesystem::exists(file)) parts.run = read_file(file, largest_run_file);
  return parts;
}

}  // namespace greenwave::drivers::podman
