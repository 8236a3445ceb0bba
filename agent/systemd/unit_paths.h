#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "systemd/unit_name.h"

namespace greenwave::systemd {

/// Where systemd looks for units, the first that has one wins (systemd.unit(5)).
inline constexpr std::array<std::string_view, 5> unit_search_path = {
    unit_directory, "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
    "/lib/systemd/system"};

/// Stands for all units in definitions_at().
inline constexpr std::string_view any_unit = "*";

/// Where it has units and drop-ins besides: those of systemctl set-property, and of generators, which each
/// daemon-reload makes anew.
inline constexpr std::array<std::string_view, 5> made_unit_directories = {
    "/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/generator",
    "/run/systemd/generator.early", "/run/systemd/generator.late"};

/// Whether systemd or one of its generators reads what is at `path` when its manager is reloaded: a unit's
/// file, a drop-in or link at any depth, /etc/fstab, a quadlet, …
bool is_read_at_reload(std::string_view path);

/// The same for the directory at `path`, for what lies below it.
bool is_read_at_reload_below(std::string_view path);

/// The units, by definition_names(), that a file or directory at `path` defines: foo.service for its unit
/// file and its drop-ins, service for those of all services, web.service for the quadlet web.container.
/// any_unit for a directory that holds them all.
std::vector<std::string> definitions_at(std::string_view path);

}  // namespace greenwave::systemd
