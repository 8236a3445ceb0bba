#include "drivers/workload/host_path.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace greenwave::drivers::workload {

namespace {

/// Where podman and its libraries keep what they are, by default.
constexpr std::array<std::string_view, 6> engine_places{"/etc/containers",       "/run/containers",
                                                        "/run/podman",           "/run/libpod",
                                                        "/usr/share/containers", "/var/lib/containers"};

bool shows(std::string_view path, std::string_view place) {
  return path == "/" || is_at_or_below(path, place) || is_at_or_below(place, path);
}

/// Whether a container may write to the volume.
bool is_writable(const PodField& spec, std::string_view volume) {
  for (const auto* list : {"initContainers", "containers", "ephemeralContainers"}) {
    for (const auto& container : spec[list].items()) {
      for (const auto& mount : container["volumeMounts"].items()) {
        const auto* name = mount["name"].text();
        if (name != nullptr && *name == volume && !is_true(mount["readOnly"].node)) return true;
      }
    }
  }
  return false;
}

}  // namespace

const config::OwnPath* own_seen(const Rules& rules, std::string_view path) {
  if (rules.allow_privileged) return nullptr;
  const auto* own = own_at(rules.own, path);
  return own != nullptr ? own : own_below(rules.own, path);
}

std::string engine_seen(const Rules& rules, std::string_view path) {
  if (rules.allow_privileged) return {};
  if (shows(path, rules.socket)) return rules.socket;
  const auto* seen = std::ranges::find_if(engine_places, [&](auto place) { return shows(path, place); });
  return seen == engine_places.end() ? std::string() : std::string(*seen);
}

bool is_below_allowed(const Rules& rules, std::string_view path) {
  if (!path.starts_with('/')) return false;
  for (const auto part : split(path.substr(1), '/')) {
    if (part == "." || part == ".." || (part.empty() && path.size() > 1)) return false;
  }
  return std::ranges::any_of(rules.allowed_paths, [&](const std::string& allowed) {
    return allowed == "/" || is_at_or_below(path, allowed);
  });
}

std::vector<plan::Mount> mounts_of(const Workload& workload) {
  std::vector<plan::Mount> mounts;
  const auto spec = spec_of(workload);
  for (const auto& volume : spec["volumes"].items()) {
    const auto path = volume["hostPath"]["path"];
    const auto* name = volume["name"].text();
    if (path.text() == nullptr || name == nullptr) continue;
    mounts.push_back({*path.text(), is_writable(spec, *name), path.node->place});
  }
  return mounts;
}

bool is_allowed(const Rules& rules, std::string_view path) {
  return is_below_allowed(rules, path) && own_seen(rules, path) == nullptr &&
         engine_seen(rules, path).empty();
}

}  // namespace greenwave::drivers::workload
