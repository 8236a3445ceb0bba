#include "drivers/podman/cron/cron_driver.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "drivers/podman/podman_driver.h"
#include "drivers/podman/rollout.h"
#include "systemd/unit_name.h"

namespace greenwave::drivers::podman {

namespace {

constexpr int cron_rank = 45;
constexpr std::size_t largest_run_file = 64 << 20;
constexpr std::size_t longest_unit = 200;  ///< systemd allows 255, endings and stamps included

/// greenwaved's own path: after an upgrade, of what took its place.
std::filesystem::path own_program() {
  constexpr std::string_view replaced = " (deleted)";
  auto path = std::filesystem::read_symlink("/proc/self/exe").native();
  if (path.ends_with(replaced)) path.resize(path.size() - replaced.size());
  return path;
}

bool is_plain(const std::string& name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

}  // namespace

/// What the inventory keeps of a CronJob.
struct CronDriver::Record {
  std::string digest;               ///< of its Parts as they were applied, hexadecimal
  std::vector<std::string> pulled;  ///< ids of images that came to the device for it
  std::vector<std::string> used;    ///< ids of those that it runs from
};

std::string CronDriver::to_json(const Record& record) {
  return nlohmann::ordered_json{{"digest", record.digest}, {"pulled", record.pulled}, {"used", record.used}}
      .dump();
}

CronDriver::Record CronDriver::record_from(const std::string& text) {
  if (text.empty()) return {};
  try {
    const auto json = nlohmann::json::parse(text);
    return {json.at("digest"), json.at("pulled"), json.at("used")};
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::damaged, "the inventory's record of a CronJob cannot be read");
  }
}

struct CronDriver::Work {
  const plan::Step* step = nullptr;
  Outcome outcome;
  Parts parts;
  bool settles = false;  ///< its timer is still to be brought
};

CronDriver::CronDriver(const config::Config& config, std::string digest_key, const std::atomic<bool>& stop,
                       std::function<void()> while_waiting)
    : live_(PodmanDriver::is_live(config)),
      root_(config.root.native()),
      rules_{config.allowed_paths, config.podman.allow_privileged},
      settings_(config.podman),
      state_directory_(config.state_directory),
      caller_{own_program(), std::filesystem::absolute(config.file)},
      digest_key_(std::move(digest_key)),
      service_(settings_.socket, stop, while_waiting),
      images_(service_, settings_.images, settings_.credentials),
      timers_(std::move(while_waiting)) {}

bool CronDriver::serves(const ObjectId& id) const {
  return is_cron_job(id) && (!live_ || systemd::Manager::is_init());
}

plan::Footprint CronDriver::footprint(const Manifest& manifest, Problems& problems) const {
  const auto job = read_cron_job(manifest, rules_, problems);
  const auto unit = unit_of(manifest.id);
  if (!is_plain(unit) || unit.size() > longest_unit) {
    problems.error(manifest.place(), fmt::format("no timer can be called {}", printable(unit)),
                   "name the CronJob with letters, digits, dots and dashes, at most 52 of them");
  }
  plan::Footprint footprint;
  footprint.rank = cron_rank;
  footprint.sensitive = manifest.sensitive;
  for (const auto* ending : {".timer", ".service"}) {
    footprint.claims.push_back("unit:" + unit + ending);
    footprint.claims.push_back(fmt::format("path:{}/{}{}", systemd::unit_directory, unit, ending));
  }
  restart_on_needs(job.workload, footprint);
  return footprint;
}

void CronDriver::begin(const Pass&) {
  running_.clear();
  blind_.reset();
  away_.reset();
  store_ = {};
}

void CronDriver::look(const std::vector<std::string>& units) {
  if (units.empty() || !live_) return;
  try {
    running_ = timers_.running(units);
    blind_.reset();
  } catch (const Error& error) {
    blind_ = error;
  }
}

void CronDriver::foresee_drift(std::span<const Entry* const> entries) {
  std::vector<std::string> units;
  for (const auto* entry : entries) units.push_back(unit_of(entry->id));
  look(units);
}

void CronDriver::foresee_compare(std::span<const Candidate> candidates) {
  std::vector<std::string> units;
  for (const auto& candidate : candidates) units.push_back(unit_of(candidate.desired->manifest.id));
  look(units);
}

void CronDriver::declare(std::span<const plan::Desired> desired) {
  store_ = Store(desired);
}

bool CronDriver::left_out() const {
  left_out_ = left_out_ || !live_;
  return !live_;
}

std::filesystem::path CronDriver::run_file(const std::string& unit) const {
  return run_file_path(state_directory_, unit);
}

CronDriver::Wanted CronDriver::wanted(const Manifest& manifest) const {
  Problems problems;
  const auto job = read_cron_job(manifest, rules_, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  auto sheet = sheets_of(manifest, job.workload, store_, digest_key_).front();
  auto images = sheet.images;
  return {{units_of(manifest.id, job, caller_),
           podman::to_json(run_file_of(manifest.id, job, std::move(sheet))), !job.suspended},
          std::move(images)};
}

CronDriver::Parts CronDriver::found(const std::string& unit) const {
  if (blind_) throw *blind_;
  Parts parts{Timers::read(unit), {}, running_.contains(unit)};
  if (std::filesystem::exists(run_file(unit))) parts.run = read_file(run_file(unit), largest_run_file);
  return parts;
}

Digest CronDriver::digest_of(const Parts& parts) const {
  Hasher hasher(digest_key_);
  hasher.add_field(parts.units.timer).add_field(parts.units.service).add_field(parts.run);
  return hasher.add_field(parts.on ? "on" : "off").finish();
}

std::optional<std::string> CronDriver::drift(const Entry& entry, std::optional<std::vector<FileSignature>>&) {
  if (left_out()) return {};
  const auto unit = unit_of(entry.id);
  auto parts = found(unit);
  const auto applied = record_from(entry.record).digest;
  if (to_hex(digest_of(parts)) == applied) return {};
  if (parts.units.timer.empty()) return fmt::format("{}.timer is gone", unit);
  parts.on = !parts.on;
  const bool only_state = to_hex(digest_of(parts)) == applied;
  if (only_state) return fmt::format("{}.timer is {}", unit, parts.on ? "not running" : "running");
  return fmt::format("the files of {} changed", unit);
}

plan::Difference CronDriver::compare(const plan::Desired& desired, const Entry*, const SourceTree&) {
  plan::Difference difference;
  if (left_out()) return difference;
  const auto unit = unit_of(desired.manifest.id);
  const auto want = wanted(desired.manifest).parts;
  const auto have = found(unit);
  if (want == have) return difference;
  if (want.units.timer != have.units.timer) {
    const auto* schedule = desired.manifest.spec().find("schedule");
    difference.diff += fmt::format("+{}.timer ({})\n", unit, printable(*schedule->string()));
  }
  if (want.units.service != have.units.service) difference.diff += fmt::format("+{}.service\n", unit);
  if (want.run != have.run) difference.diff += fmt::format("+the pod of {}\n", unit);
  if (want.on != have.on) difference.diff += fmt::format(" {} {}.timer\n", want.on ? "start" : "stop", unit);
  difference.kind =
      have.units.timer.empty() ? plan::Difference::Kind::create : plan::Difference::Kind::change;
  return difference;
}

void CronDriver::apply(std::span<const plan::Step* const> steps, const SourceTree&, const Report& report,
                       const std::function<bool()>& stop) {
  std::vector<Work> works;
  std::vector<Timers::Order> orders;
  for (const auto* step : steps) {
    if (stop()) break;
    auto& work = works.emplace_back(prepare(*step));
    if (work.settles) orders.push_back({unit_of(step->id), work.parts.units, work.parts.on});
  }
  std::map<std::string, Error> failed;
  try {
    if (!orders.empty()) failed = timers_.bring(orders);
  } catch (const Error& error) {
    for (const auto& order : orders) failed.emplace(order.unit, error);
  }
  for (auto& work : works) {
    if (const auto found = failed.find(unit_of(work.step->id)); work.settles && found != failed.end()) {
      work.outcome.ok = false;
      work.outcome.error = found->second.what();
    }
    report(*work.step, std::move(work.outcome));
  }
}

/// All of a step but its timer.
CronDriver::Work CronDriver::prepare(const plan::Step& step) {
  Work work{&step, {}, {}, false};
  if (step.entry != nullptr) work.outcome.entry = *step.entry;
  work.outcome.entry.live = true;
  work.outcome.ok = true;
  if (left_out()) return work;
  try {
    if (step.desired == nullptr) {
      remove(*step.entry);
      return work;
    }
    auto want = wanted(step.desired->manifest);
    const auto known = step.entry != nullptr ? record_from(step.entry->record) : Record();
    auto record = bring_images(want.images, known);
    record.digest = to_hex(digest_of(want.parts));
    make_directories(run_file("").parent_path(), 0700);
    replace_file(run_file(unit_of(step.id)), want.parts.run, 0600);
    work.outcome.entry.record = to_json(record);
    work.parts = std::move(want.parts);
    work.settles = true;
  } catch (const Error& error) {
    work.outcome.ok = false;
    work.outcome.error = error.what();
  }
  return work;
}

/// They are here before they are due. What the CronJob ran from until now stays for a revert, which may have
/// no registry.
CronDriver::Record CronDriver::bring_images(const std::vector<Image>& images, const Record& known) {
  Record record{{}, known.pulled, {}};
  try {
    for (const auto& image : images) {
      record.used.push_back(images_.bring(image, record.pulled));
    }
  } catch (const Error& error) {
    if (!service_.answers()) away_ = error.what();
    throw;
  }
  if (settings_.prune_images) {
    const auto is_in = [](const std::vector<std::string>& ids, const std::string& id) {
      return std::ranges::find(ids, id) != ids.end();
    };
    std::erase_if(record.pulled, [&](const std::string& image) {
      return !is_in(record.used, image) && !is_in(known.used, image) && service_.remove_image(image);
    });
  }
  return record;
}

void CronDriver::remove(const Entry& entry) {
  const auto unit = unit_of(entry.id);
  timers_.remove(unit);
  std::filesystem::remove(run_file(unit));
  const View now(service_.containers());
  Rollout(service_, images_, rules_).remove(now.of(label_of(entry.id)));
  if (!settings_.prune_images) return;
  for (const auto& image : record_from(entry.record).pulled) service_.remove_image(image);
}

std::vector<std::string> CronDriver::notes() const {
  if (!left_out_) return {};
  return {fmt::format("CronJobs are not run for a device below {}", root_)};
}

}  // namespace greenwave::drivers::podman
