#include "drivers/podman/rollout.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::drivers::podman {

namespace {

/// Conmon writes a container's output there when it is told to log to the journal.
constexpr const char* journal = "/run/systemd/journal/socket";

/// A link below an allowed path may lead elsewhere.
void check_host_path(const Rules& rules, const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(path, error);
  if (!error && is_allowed(rules, real.native())) return;
  throw Error(Fault::conflict,
              fmt::format("the host's path {} leads to {}, which is not allowed on this device",
                          printable(path), printable(real.native())),
              "remove the link, or add to allowedPaths in agent.yaml");
}

}  // namespace

PodRecord Rollout::bring(const ObjectId& id, const Workload& workload, const std::vector<Sheet>& sheets,
                         const Pods& pods, const PodRecord& known) {
  auto pulled = known.pulled;
  std::vector<const Sheet*> to_make;
  std::vector<const Sheet*> to_start;
  for (const auto& sheet : sheets) {
    const auto state = state_of(sheet, workload, pods, known);
    if (state == PodState::missing || state == PodState::broken) to_make.push_back(&sheet);
    if (state == PodState::stopped) to_start.push_back(&sheet);
  }
  std::vector<std::string> old;
  for (const auto& [name, containers] : pods) {
    if (std::ranges::find(sheets, name, &Sheet::pod) == sheets.end()) old.push_back(name);
  }
  for (const auto* sheet : to_make) {
    for (const auto& path : sheet->host_paths) check_host_path(rules_, path);
    for (const auto& image : sheet->images) {
      images_.bring(image, pulled);
    }
  }
  std::map<std::string, std::vector<std::string>> made;
  try {
    for (const auto* sheet : to_make) made[sheet->pod] = make(id, *sheet, pods.contains(sheet->pod));
    exchange(to_make, old);
  } catch (const Error&) {
    for (const auto* sheet : to_make) discard(sheet->pod);
    throw;
  }
  for (const auto* sheet : to_start) {
    const auto paused = [](const Container& container) { return container.state == "paused"; };
    if (std::ranges::any_of(pods.at(sheet->pod), paused)) service_.unpause_pod(sheet->pod);
    service_.start_pod(sheet->pod);
  }
  for (const auto& name : old) discard(name);

  PodRecord record{{}, workload.restart, workload.once, std::move(pulled)};
  for (const auto& sheet : sheets) {
    auto& ids = made[sheet.pod];
    if (const auto kept = pods.find(sheet.pod); ids.empty() && kept != pods.end()) {
      for (const auto& container : kept->second) {
        const bool runs = std::ranges::find(sheet.containers, container.name) != sheet.containers.end();
        if (runs) ids.push_back(container.id);
      }
    }
    record.pods.push_back({sheet.pod, sheet.digest, std::move(ids)});
  }
  return record;
}

std::vector<std::string> Rollout::remake(const ObjectId& id, const Sheet& sheet, const Pods& old) {
  for (const auto& path : sheet.host_paths) check_host_path(rules_, path);
  remove(old);
  auto containers = make(id, sheet, false);
  service_.start_pod(sheet.pod);
  return containers;
}

/// Gives the ids of its containers.
std::vector<std::string> Rollout::make(const ObjectId& id, const Sheet& sheet, bool is_broken) {
  const auto try_it = [&] {
    for (const auto& volume : sheet.volumes) {
      service_.create_volume(
          volume, {{std::string(labels::object), label_of(id)}, {std::string(labels::pod), sheet.pod}});
    }
    const bool has_journal = std::filesystem::exists(journal);
    return service_.play(sheet.text, has_journal ? to_string(id) : "");
  };
  if (is_broken) discard(sheet.pod);
  try {
    return try_it();
  } catch (const Error&) {
    // A power cut may have left a part of it, which no label shows.
    discard(sheet.pod);
    return try_it();
  }
}

/// The old stop one by one as the new start, so that they can have the same ports.
void Rollout::exchange(const std::vector<const Sheet*>& made, const std::vector<std::string>& old) {
  std::size_t stopped = 0;
  std::size_t started = 0;
  try {
    for (; started < made.size(); ++started) {
      if (stopped < old.size()) service_.stop_pod(old[stopped++]);
      service_.start_pod(made[started]->pod);
    }
  } catch (const Error&) {
    // The new one may hold the port.
    for (std::size_t i = 0; i <= started && i < made.size(); ++i) service_.remove_pod(made[i]->pod);
    for (std::size_t i = 0; i < stopped; ++i) service_.start_pod(old[i]);
    throw;
  }
}

void Rollout::discard(const std::string& pod) {
  service_.remove_pod(pod);
  for (const auto& volume : service_.volumes(labels::pod, pod)) service_.remove_volume(volume);
}

void Rollout::remove(const Pods& pods) {
  for (const auto& [name, containers] : pods) discard(name);
}

}  // namespace greenwave::drivers::podman
