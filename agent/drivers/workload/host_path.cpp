#include "drivers/workload/host_path.h"

#include <algorithm>
#include <array>
#include <map>

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

/// What is mounted of a volume: all of it, or what subPath names. A subPathExpr is below what leads to its
/// first variable.
std::string mounted_of(const std::string& volume, const PodField& mount) {
  const auto* plain = mount["subPath"].text();
  const auto* expression = mount["subPathExpr"].text();
  auto sub = plain != nullptr ? std::string_view(*plain) : std::string_view();
  if (expression != nullptr && !expression->empty())
    sub = std::string_view(*expression).substr(0, expression->find('$'));
  std::string path = volume;
  for (const auto name : split(sub, '/')) {
    if (!name.empty() && name != ".") path += "/" + std::string(name);
  }
  return path;
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
  std::map<std::string, plan::Mount> mounts;  // by path
  const auto spec = spec_of(workload);
  const auto add = [&](const std::string& path, bool writable, const Place& place) {
    auto& mount = mounts.try_emplace(path, plan::Mount{path, false, place}).first->second;
    mount.writable = mount.writable || writable;
  };
  std::map<std::string, std::string> volumes;  // what is mounted, by name
  for (const auto& volume : spec["volumes"].items()) {
    const auto path = volume["hostPath"]["path"];
    const auto claim = volume["persistentVolumeClaim"]["claimName"];
    const auto* name = volume["name"].text();
    if (name == nullptr) continue;
    if (claim.text() != nullptr) volumes[*name] = "volume " + *claim.text();
    if (path.text() == nullptr) continue;
    volumes[*name] = *path.text();
    add(*path.text(), false, path.node->place);
  }
  for (const auto* list : {"initContainers", "containers", "ephemeralContainers"}) {
    for (const auto& container : spec[list].items()) {
      for (const auto& mount : container["volumeMounts"].items()) {
        const auto* name = mount["name"].text();
        const auto volume = name != nullptr ? volumes.find(*name) : volumes.end();
        if (volume == volumes.end()) continue;
        add(mounted_of(volume->second, mount), !is_true(mount["readOnly"].node), mount.node->place);
      }
    }
  }
  std::vector<plan::Mount> all;
  for (auto& [path, mount] : mounts) all.push_back(std::move(mount));
  return all;
}

bool is_allowed(const Rules& rules, std::string_view path) {
  return is_below_allowed(rules, path) && own_seen(rules, path) == nullptr &&
         engine_seen(rules, path).empty();
}

}  // namespace greenwave::drivers::workload
