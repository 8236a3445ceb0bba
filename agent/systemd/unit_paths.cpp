#include "systemd/unit_paths.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::systemd {

namespace {

/// What systemd.generator(7) and the generators of Debian's packages read.
constexpr std::array<std::string_view, 27> generator_inputs = {
    "/etc/fstab",
    "/etc/crypttab",
    "/etc/veritytab",
    "/etc/integritytab",
    "/etc/init.d",
    "/etc/rc.local",
    "/etc/containers/systemd",
    "/run/containers/systemd",
    "/usr/share/containers/systemd",
    "/etc/systemd/system-generators",
    "/run/systemd/system-generators",
    "/usr/local/lib/systemd/system-generators",
    "/usr/lib/systemd/system-generators",
    "/lib/systemd/system-generators",
    "/etc/systemd/system-environment-generators",
    "/run/systemd/system-environment-generators",
    "/usr/local/lib/systemd/system-environment-generators",
    "/usr/lib/systemd/system-environment-generators",
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/etc/systemd/system.attached",
    "/run/systemd/system.attached",
    "/etc/systemd/system.conf",
    "/etc/systemd/system.conf.d",
    "/run/systemd/system.conf.d",
    "/etc/openvpn",
    "/etc/postgresql",
};

/// What follows in `path` after `directory`, without the slash; nothing when it is not at or below it.
std::optional<std::string_view> below(std::string_view path, std::string_view directory) {
  if (!path.starts_with(directory)) return {};
  path.remove_prefix(directory.size());
  if (path.empty()) return path;
  if (path.front() != '/') return {};
  return path.substr(1);
}

template <typename Test>
bool any_place(Test test) {
  return std::ranges::any_of(unit_search_path, test) || std::ranges::any_of(generator_inputs, test);
}

struct QuadletType {
  std::string_view suffix;
  std::string_view in_name;  ///< podman-systemd.unit(5): data.volume is data-volume.service
};
constexpr std::array<QuadletType, 7> quadlets = {{{".container", ""},
                                                  {".kube", ""},
                                                  {".volume", "-volume"},
                                                  {".network", "-network"},
                                                  {".pod", "-pod"},
                                                  {".image", "-image"},
                                                  {".build", "-build"}}};

/// Quadlets lie at any depth.
std::vector<std::string> quadlets_at(std::string_view rest) {
  while (!rest.empty()) {
    auto name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (name.ends_with(".d")) name.remove_suffix(2);
    for (const auto& type : quadlets) {
      if (!name.ends_with(type.suffix)) continue;
      return {fmt::format("{}{}.service", name.substr(0, name.size() - type.suffix.size()), type.in_name)};
    }
  }
  return {};
}

std::vector<std::string> units_at(std::string_view rest) {
  if (rest.empty()) return {std::string(any_unit)};
  const bool is_inside = rest.find('/') != std::string_view::npos;
  auto name = rest.substr(0, rest.find('/'));
  if (name.ends_with(".wants") || name.ends_with(".requires")) return {};
  if (name.ends_with(".d")) {
    name.remove_suffix(2);
  } else if (is_inside) {
    return {};
  }
  return {std::string(name)};
}

}  // namespace

bool is_read_at_reload(std::string_view path) {
  return any_place([&](std::string_view place) { return is_at_or_below(path, place); });
}

bool is_read_at_reload_below(std::string_view path) {
  return path == "/" || is_read_at_reload(path) ||
         any_place([&](std::string_view place) { return is_at_or_below(place, path); });
}

std::vector<std::string> definitions_at(std::string_view path) {
  for (const auto directory : unit_search_path) {
    if (const auto rest = below(path, directory)) return units_at(*rest);
    if (is_at_or_below(directory, path)) return {std::string(any_unit)};
  }
  for (const std::string_view directory :
       {"/etc/containers/systemd", "/run/containers/systemd", "/usr/share/containers/systemd"}) {
    if (const auto rest = below(path, directory)) return quadlets_at(*rest);
  }
  return {};
}

}  // namespace greenwave::systemd
