#include "drivers/podman/podman_driver.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "drivers/podman/rollout.h"

namespace greenwave::drivers::podman {

namespace {

/// After the files, units and commands of the host, which pods may need.
constexpr int material_rank = 42;
constexpr int claim_rank = 43;
constexpr int workload_rank = 44;
constexpr int most_stops = 10;
constexpr auto stop_look = std::chrono::milliseconds(300);
constexpr plan::Watch own_health{.interval = std::chrono::seconds(2), .within = std::chrono::minutes(5)};

bool is_workload(const ObjectId& id) {
  return podman::is_workload(id.api_version, id.kind);
}

bool is_material(const ObjectId& id) {
  return podman::is_material(id.api_version, id.kind);
}

Workload read_checked(const Manifest& manifest, const Rules& rules) {
  Problems problems;
  auto workload = read_workload(manifest, rules, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  return workload;
}

std::string images_in(const Pods& pods) {
  std::set<std::string> images;
  for (const auto& [name, containers] : pods) {
    for (const auto& container : containers) images.insert(container.image);
  }
  std::string text;
  for (const auto& image : images) text += (text.empty() ? "" : ", ") + printable(image);
  return text;
}

std::string images_in(const std::vector<Sheet>& sheets) {
  std::string text;
  if (sheets.empty()) return text;
  for (const auto& image : sheets.front().images) {
    text += (text.empty() ? "" : ", ") + printable(image.reference);
  }
  return text;
}

std::int64_t seconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

}  // namespace

PodmanDriver::PodmanDriver(const config::Config& config, std::string digest_key,
                           const std::atomic<bool>& stop, std::function<void()> while_waiting,
                           std::function<void(std::string_view)> tell)
    : live_(is_live(config)),
      root_(config.root.native()),
      rules_{config.allowed_paths, config.podman.allow_privileged},
      settings_(config.podman),
      settle_(std::chrono::duration_cast<std::chrono::seconds>(config.health.settle).count()),
      digest_key_(std::move(digest_key)),
      service_(settings_.socket, stop, std::move(while_waiting)),
      images_(service_, settings_.images, settings_.credentials),
      claims_(service_),
      prober_(settings_.socket, std::move(tell)) {}

bool PodmanDriver::serves(const ObjectId& id) const {
  return is_workload(id) || is_material(id) || is_claim(id);
}

plan::Footprint PodmanDriver::footprint(const Manifest& manifest, Problems& problems) const {
  const auto& id = manifest.id;
  plan::Footprint footprint;
  footprint.sensitive = manifest.sensitive || id.kind == "Secret";
  footprint.rank = material_rank;
  if (is_claim(id)) {
    footprint.rank = claim_rank;
    footprint.claims.push_back("volume:" + id.name);
  } else if (is_material(id)) {
    read_material(manifest, problems);
  } else {
    footprint.rank = workload_rank;
    const auto workload = read_workload(manifest, rules_, problems);
    restart_on_needs(workload, footprint);
    // Who takes over all of its ports does not take over its pods: they go first.
    footprint.claims.push_back("pods:" + label_of(id));
    for (auto& claim : port_claims(workload)) footprint.claims.push_back(std::move(claim));
    footprint.watch = own_health;
  }
  return footprint;
}

void PodmanDriver::begin(const Pass&) {
  view_ = {};
  first_look_ = true;
  claims_.forget();
  store_ = {};
}

void PodmanDriver::declare(std::span<const plan::Desired> desired) {
  store_ = Store(desired);
}

bool PodmanDriver::left_out() const {
  left_out_ = left_out_ || !live_;
  return !live_;
}

/// Whoever is being restarted for its probe counts as running.
std::vector<Container> PodmanDriver::look() {
  auto containers = service_.containers();
  prober_.watch(containers);
  for (const auto& pod : prober_.take_restarted()) crashes_.excuse(pod);
  for (auto& container : containers) {
    if (prober_.board()->restarts(container.id)) container.state = "running";
  }
  return containers;
}

const View& PodmanDriver::view() {
  if (std::holds_alternative<std::monostate>(view_)) {
    try {
      auto containers = look();
      if (first_look_) crashes_.look(containers, seconds_now());
      first_look_ = false;
      view_ = View(std::move(containers));
    } catch (const Error& error) {
      view_ = error;
    }
  }
  if (const auto* error = std::get_if<Error>(&view_)) throw *error;
  return std::get<View>(view_);
}

std::optional<std::string> PodmanDriver::drift(const Entry& entry,
                                               std::optional<std::vector<FileSignature>>&) {
  if (is_material(entry.id) || left_out()) return {};
  if (is_claim(entry.id)) {
    if (claims_.has(entry.id.name)) return {};
    return fmt::format("the volume {} is gone", entry.id.name);
  }
  const auto& pods = view().of(label_of(entry.id));
  for (const auto& [name, containers] : pods) {
    if (crashes_.loops(name)) return fmt::format("the pod {} ends again and again", name);
  }
  return drift_of(pod_record_from(entry.record), pods);
}

plan::Difference PodmanDriver::compare(const plan::Desired& desired, const Entry* entry, const SourceTree&) {
  const auto& id = desired.manifest.id;
  plan::Difference difference;
  if (is_material(id)) {
    if (entry != nullptr && entry->digest == desired.manifest.digest) return difference;
    const bool fresh = entry == nullptr || entry->digest.is_zero();
    difference.kind = fresh ? plan::Difference::Kind::create : plan::Difference::Kind::change;
    difference.diff = fmt::format("{} {}\n", to_string(id), fresh ? "is new" : "changes");
    return difference;
  }
  if (left_out()) return difference;
  return is_claim(id) ? claims_.compare(id.name) : compare_workload(desired, entry);
}

plan::Difference PodmanDriver::compare_workload(const plan::Desired& desired, const Entry* entry) {
  const auto record = entry != nullptr ? pod_record_from(entry->record) : PodRecord();
  const auto& manifest = desired.manifest;
  const auto workload = read_checked(manifest, rules_);
  const auto sheets = sheets_of(manifest, workload, store_, digest_key_);
  const auto& pods = view().of(label_of(manifest.id));
  plan::Difference difference;
  for (const auto& sheet : sheets) {
    const auto state = state_of(sheet, workload, pods, record);
    if (state == PodState::up && crashes_.loops(sheet.pod)) {
      difference.kind = plan::Difference::Kind::change;
      difference.diff += fmt::format(" stop pod {} for a while\n", sheet.pod);
    }
    if (state == PodState::up) continue;
    difference.kind = plan::Difference::Kind::change;
    difference.diff += state == PodState::stopped
                           ? fmt::format(" start pod {}\n", sheet.pod)
                           : fmt::format("+pod {} ({})\n", sheet.pod, images_in(sheets));
  }
  for (const auto& [name, containers] : pods) {
    if (std::ranges::find(sheets, name, &Sheet::pod) != sheets.end()) continue;
    difference.kind = plan::Difference::Kind::change;
    difference.diff += fmt::format("-pod {} ({})\n", name, images_in({{name, containers}}));
    const auto runs = std::ranges::any_of(containers, &Container::is_running);
    if (runs) difference.disruption = plan::Disruption::whole;
  }
  if (difference.kind == plan::Difference::Kind::none) return difference;
  if (pods.empty()) difference.kind = plan::Difference::Kind::create;
  difference.was = images_in(pods);
  return difference;
}

void PodmanDriver::apply(std::span<const plan::Step* const> steps, const SourceTree&, const Report& report,
                         const std::function<bool()>& stop) {
  view_ = {};  // a batch before this one may have changed it
  for (const auto* step : steps) {
    if (stop()) return;
    Outcome outcome;
    try {
      outcome = apply_one(*step);
    } catch (const Error& error) {
      outcome.error = error.what();
      view_ = {};
    }
    report(*step, std::move(outcome));
  }
}

Outcome PodmanDriver::apply_one(const plan::Step& step) {
  Outcome outcome;
  if (step.entry != nullptr) outcome.entry = *step.entry;
  const bool only_restarts = step.verb == plan::Verb::restart || step.verb == plan::Verb::reload;
  if (only_restarts && step.wait == plan::Wait::restart) {
    outcome.owes_restart = true;
  } else if (step.desired == nullptr) {
    remove(step, outcome);
  } else if (is_workload(step.id)) {
    apply_workload(step, outcome);
  } else if (is_claim(step.id)) {
    if (!left_out()) outcome.entry.record = claims_.apply(step);
  }
  outcome.ok = true;
  return outcome;
}

void PodmanDriver::apply_workload(const plan::Step& step, Outcome& outcome) {
  outcome.entry.live = true;
  if (left_out()) return;
  const auto& manifest = step.desired->manifest;
  const auto workload = read_checked(manifest, rules_);
  const auto sheets = sheets_of(manifest, workload, store_, digest_key_);
  const auto known = step.entry != nullptr ? pod_record_from(step.entry->record) : PodRecord();
  const auto& pods = view().of(label_of(step.id));
  hold_back(pods, sheets);
  Rollout rollout(service_, images_, rules_);
  const auto excuse = [&] {
    for (const auto& [name, containers] : pods) crashes_.excuse(name);
  };
  PodRecord record;
  try {
    record = rollout.bring(step.id, workload, sheets, pods, known);
  } catch (const Error&) {
    excuse();  // the old one was started again
    throw;
  }
  excuse();
  for (const auto& pod : record.pods) crashes_.excuse(pod.name);
  if (settings_.prune_images) {
    // Podman keeps what a container uses. A revert needs what was here before, and perhaps without a
    // registry.
    std::set<std::string> before;
    for (const auto& [name, containers] : pods) {
      for (const auto& container : containers) before.insert(container.image_id);
    }
    std::erase_if(record.pulled, [&](const std::string& image) {
      return !before.contains(image) && service_.remove_image(image);
    });
  }
  outcome.entry.record = to_json(record);
}

/// One that has just ended is started again by podman even so, unless it is met while it runs.
void PodmanDriver::stop_between_tries(const std::string& pod) {
  for (int tries = 0; tries < most_stops; ++tries) {
    service_.stop_pod(pod);
    std::this_thread::sleep_for(stop_look);
    const auto containers = service_.containers();
    const auto runs = [&](const Container& one) { return one.pod == pod && one.is_running(); };
    if (std::ranges::none_of(containers, runs)) return;
  }
}

/// Throws Error while a pod that ends again and again stays stopped.
void PodmanDriver::hold_back(const Pods& pods, const std::vector<Sheet>& sheets) {
  const auto now = seconds_now();
  for (const auto& sheet : sheets) {
    if (!pods.contains(sheet.pod)) continue;
    if (crashes_.loops(sheet.pod)) {
      stop_between_tries(sheet.pod);
      crashes_.hold(sheet.pod, now);
    }
    if (!crashes_.is_held(sheet.pod, now)) continue;
    throw Error(Fault::transient,
                fmt::format("the pod {} ends again and again; it is stopped for {} between tries", sheet.pod,
                            to_words(std::chrono::seconds(crashes_.pause(sheet.pod)))),
                "greenwave show has the end of its log");
  }
}

void PodmanDriver::remove(const plan::Step& step, Outcome& outcome) {
  if (!live_) return;
  if (is_workload(step.id)) {
    const auto& pods = view().of(label_of(step.id));
    Rollout(service_, images_, rules_).remove(pods);
    for (const auto& [name, containers] : pods) crashes_.excuse(name);
    if (!settings_.prune_images) return;
    for (const auto& image : pod_record_from(step.entry->record).pulled) service_.remove_image(image);
  } else if (is_claim(step.id)) {
    outcome.note = claims_.remove(*step.entry, settings_.prune_volumes);
  }
}

std::vector<Health> PodmanDriver::health(std::span<const Entry* const> entries, Duration) {
  std::vector<Health> found(entries.size());
  if (!live_) return found;
  try {
    const View now(look());
    const auto unready = prober_.board()->unready();
    const auto seconds = seconds_now();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto& entry = *entries[i];
      found[i] =
          health_of(pod_record_from(entry.record), now.of(label_of(entry.id)), seconds, settle_, unready);
    }
  } catch (const Error& error) {
    for (auto& health : found) health = {Health::State::waiting, error.what()};
  }
  return found;
}

std::optional<std::string> PodmanDriver::away() const {
  const auto* error = std::get_if<Error>(&view_);
  if (error == nullptr) return {};
  return error->what();
}

std::vector<std::string> PodmanDriver::start(std::span<const Entry> inventory) {
  std::vector<std::string> failed;
  if (!live_ || std::ranges::none_of(inventory, [](const Entry& entry) { return is_workload(entry.id); }))
    return failed;
  try {
    const View now(service_.containers());
    for (const auto& entry : inventory) {
      if (!is_workload(entry.id)) continue;
      const auto record = pod_record_from(entry.record);
      for (const auto& [name, containers] : now.of(label_of(entry.id))) {
        const auto known = std::ranges::find(record.pods, name, &PodRecord::Pod::name);
        if (known == record.pods.end()) continue;
        const auto& own = known->containers;  // without init containers, which have ended
        const bool up = std::ranges::all_of(containers, [&](const Container& container) {
          return std::ranges::find(own, container.id) == own.end() || is_up(container, record.restart);
        });
        if (up) continue;
        try {
          service_.start_pod(name);
        } catch (const Error& error) {
          failed.push_back(fmt::format("{}: {}", to_string(entry.id), error.what()));
        }
      }
    }
  } catch (const Error& error) {
    failed.emplace_back(error.what());
  }
  return failed;
}

std::vector<std::string> PodmanDriver::notes() const {
  if (!left_out_) return {};
  return {fmt::format("pods are not run for a device below {}", root_)};
}

}  // namespace greenwave::drivers::podman
