#include "guard/stand_in.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/scripts.h"
#include "base/text.h"
#include "guard/own_files.h"
#include "systemd/unit_name.h"
#include "systemd/unit_paths.h"

namespace greenwave::guard {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_of_guard_unit = 1 << 16;
constexpr std::string_view stand_in_mark = "# Written by greenwaved, while a package changes it.\n";

fs::path stand_in_unit() {
  return fs::path(systemd::unit_directory) / guard_unit;
}

bool is_stand_in(const fs::path& unit) {
  std::error_code none;
  return fs::is_regular_file(unit, none) && read_file(unit, most_of_guard_unit).starts_with(stand_in_mark);
}

std::string installed_unit() {
  std::error_code none;
  for (const auto directory : systemd::unit_search_path) {
    const auto unit = fs::path(directory) / guard_unit;
    if (directory == systemd::unit_directory || !fs::is_regular_file(unit, none)) continue;
    return read_file(unit, most_of_guard_unit);
  }
  throw Error(Fault::transient, fmt::format("{} is not installed", guard_unit),
              "install the agent's package again");
}

}  // namespace

bool bring_stand_in(const fs::path& directory) {
  const auto unit = stand_in_unit();
  std::error_code none;
  if (fs::exists(fs::symlink_status(unit, none)) && !is_stand_in(unit)) return false;
  const auto script = directory / "run";
  replace_file(script, guard_script, 0700);
  std::string text(stand_in_mark);
  const auto installed = installed_unit();
  for (const auto line : split(installed, '\n')) {
    text += line.starts_with("ExecStart=")
                ? fmt::format("ExecStart=/bin/sh {} {}\n", script.native(), directory.native())
                : fmt::format("{}\n", line);
  }
  replace_file(unit, text, 0644);
  return true;
}

bool remove_stand_in() {
  const auto unit = stand_in_unit();
  if (!is_stand_in(unit)) return false;
  fs::remove(unit);
  return true;
}

}  // namespace greenwave::guard
