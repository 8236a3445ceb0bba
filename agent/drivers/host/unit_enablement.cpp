#include "drivers/host/unit_enablement.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/directory_stream.h"
#include "base/file.h"
#include "drivers/host/unit_files.h"
#include "systemd/unit_paths.h"

namespace greenwave::drivers::host {

namespace {

using systemd::unit_search_path;

constexpr int most_links = 8;

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

InstallLink mask_of(const std::string& unit) {
  return {UnitSpec::unit_path(unit), "/dev/null"};
}

std::optional<Spot> Enablement::where(const std::string& path) {
  try {
    return parents_.find(path);
  } catch (const Error& error) {
    // A unit directory that a link leads out of the root is none of this root's.
    if (error.fault() == Fault::conflict) return {};
    throw;
  }
}

std::optional<std::string> Enablement::read(const std::string& path) {
  const auto spot = where(path);
  if (!spot) return {};
  const Fd file(
      ::openat(spot->directory, spot->name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ENOENT) return {};
  if (!file) throw path_error("open", path);
  return read_all(file.get(), largest_unit, path);
}

std::optional<std::string> Enablement::link_target(const std::string& path) {
  const auto spot = where(path);
  if (!spot) return {};
  std::array<char, 4096> target{};
  const auto length = ::readlinkat(spot->directory, spot->name.c_str(), target.data(), target.size());
  if (length < 0) return {};
  return std::string(target.data(), static_cast<std::size_t>(length));
}

std::vector<std::string> Enablement::names_in(const std::string& directory) {
  std::vector<std::string> names;
  const auto spot = where(directory);
  if (!spot) return names;
  Fd fd(::openat(spot->directory, spot->name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return names;
  const DirectoryStream listing(::fdopendir(fd.get()));
  if (!listing) throw path_error("list", directory);
  static_cast<void>(fd.release());
  while (const auto* item = ::readdir(listing.get())) {
    const std::string name = item->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

Enablement::Found Enablement::find(const std::string& unit, std::span<const UnitFile> given) {
  Found found;
  std::vector<std::string> names{unit};
  if (systemd::is_instance(unit)) names.push_back(systemd::template_of(unit));
  for (const auto& name : names) {
    for (const auto directory : unit_search_path) {
      if (!found.path.empty()) break;
      const auto path = fmt::format("{}/{}", directory, name);
      const auto written = std::ranges::find(given, path, &UnitFile::path);
      if (written != given.end()) {
        found.path = path;
        read_install_section(written->content, found.install);
        break;
      }
      if (const auto target = link_target(path)) {
        if (*target == "/dev/null") {
          throw Error(Fault::conflict, fmt::format("{} is masked by {}", unit, path), "remove that link");
        }
        if (name_of(*target) != name) {
          throw Error(Fault::invalid, fmt::format("{} is another name of {}", unit, name_of(*target)),
                      "name the unit itself");
        }
        continue;  // a linked unit: its file is found further down, where it really lies in a unit directory
      }
      if (const auto text = read(path)) {
        found.path = path;
        read_install_section(*text, found.install);
      }
    }
  }
  // Drop-ins can add to [Install] as well.
  for (const auto directory : unit_search_path) {
    const auto drop_ins = fmt::format("{}/{}.d", directory, unit);
    for (const auto& name : names_in(drop_ins)) {
      const auto path = fmt::format("{}/{}", drop_ins, name);
      if (!name.ends_with(".conf") || std::ranges::find(given, path, &UnitFile::path) != given.end())
        continue;
      if (const auto text = read(path)) read_install_section(*text, found.install);
    }
  }
  for (const auto& file : given) {
    if (file.path.starts_with(fmt::format("{}/{}.d/", systemd::unit_directory, unit))) {
      read_install_section(file.content, found.install);
    }
  }
  return found;
}

void Enablement::collect(const std::string& unit, std::span<const UnitFile> given,
                         std::set<std::string>& seen, std::vector<InstallLink>& links) {
  if (!seen.insert(unit).second) return;
  const auto found = find(unit, given);
  if (found.path.empty()) {
    throw Error(Fault::invalid, fmt::format("there is no unit {} to enable", unit),
                "give its content, or install the package that brings it");
  }
  for (auto& link : install_links(unit, found.path, found.install)) links.push_back(std::move(link));
  for (const auto& also : found.install.also) collect(also, given, seen, links);
}

std::vector<InstallLink> Enablement::links(const std::string& unit, std::span<const UnitFile> given) {
  std::vector<InstallLink> links;
  std::set<std::string> seen;
  collect(unit, given, seen, links);
  if (links.empty()) {
    throw Error(Fault::invalid, fmt::format("{} has no [Install] section, so it cannot be enabled", unit),
                "add WantedBy=multi-user.target to its [Install] section, or leave out enabled");
  }
  std::ranges::sort(links);
  links.erase(std::unique(links.begin(), links.end()), links.end());
  return links;
}

std::vector<std::string> Enablement::links_in_place(const std::string& unit,
                                                    std::span<const UnitFile> given) {
  std::set<std::string> units;
  std::vector<std::string> asked{unit};
  while (!asked.empty()) {
    const auto name = asked.back();
    asked.pop_back();
    if (!units.insert(name).second) continue;
    for (const auto& also : find(name, given).install.also) asked.push_back(also);
  }
  std::vector<std::string> links;
  const auto look_at = [&](const std::string& path) {
    const auto target = link_target(path);
    if (!target || *target == "/dev/null") return;
    if (units.contains(name_of(path)) || units.contains(name_of(*target))) links.push_back(path);
  };
  for (const auto& name : names_in(std::string(systemd::unit_directory))) {
    const auto path = UnitSpec::unit_path(name);
    look_at(path);
    if (!name.ends_with(".wants") && !name.ends_with(".requires")) continue;
    for (const auto& inner : names_in(path)) look_at(fmt::format("{}/{}", path, inner));
  }
  return links;
}

std::optional<std::string> Enablement::linked_to(const std::string& unit) {
  for (const auto directory : unit_search_path) {
    const auto path = fmt::format("{}/{}", directory, unit);
    if (const auto target = link_target(path)) return *target == "/dev/null" ? unit : name_of(*target);
    if (read(path)) return unit;
  }
  if (!systemd::is_instance(unit)) return {};
  auto linked = linked_to(systemd::template_of(unit));
  if (!linked || !systemd::is_template(*linked)) return linked;
  const auto at = linked->find('@') + 1;
  return linked->substr(0, at) + systemd::instance_of(unit) + linked->substr(at);
}

std::optional<std::string> Enablement::having_alias(const std::string& unit) {
  const auto type = unit.substr(unit.rfind('.'));
  for (const auto directory : unit_search_path) {
    for (const auto& name : names_in(std::string(directory))) {
      const auto path = fmt::format("{}/{}", directory, name);
      if (name == unit || !name.ends_with(type) || link_target(path)) continue;
      InstallSection install;
      if (const auto text = read(path)) read_install_section(*text, install);
      if (std::ranges::find(install.alias, unit) != install.alias.end()) return name;
    }
  }
  return {};
}

std::string Enablement::primary(const std::string& unit) {
  auto name = unit;
  for (int links = 0; links < most_links; ++links) {
    auto linked = linked_to(name);
    if (!linked) return having_alias(name).value_or(name);
    if (*linked == name) break;
    name = std::move(*linked);
  }
  return name;
}

bool Enablement::in_place(const InstallLink& link) {
  return link_target(link.path) == link.target;
}

}  // namespace greenwave::drivers::host
