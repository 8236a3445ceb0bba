#include "guard/own_files.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/contains.h"
#include "base/text.h"
#include "drivers/host/packages/package_job.h"
#include "drivers/host/packages/package_spec.h"
#include "guard/unit_inputs.h"
#include "plan/places.h"
#include "systemd/unit_paths.h"

namespace greenwave::guard {

namespace {

namespace fs = std::filesystem;

void add_lstat(const fs::path& path, std::string& text) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) return;
  text +=
      fmt::format("{} {} {} {:o} {}:{} {} {}.{}\n", path.native(), about.st_dev, about.st_ino, about.st_mode,
                  about.st_uid, about.st_gid, about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
}

}  // namespace

OwnFiles::OwnFiles(const config::Config& config, const std::string& program) {
  if (config.root != "/") return;
  files_ = config::own_paths(config, program);
  // Those that the agent writes itself.
  std::erase_if(files_, [](const OwnFile& file) {
    return file.part == Part::state || file.part == Part::runtime || file.part == Part::images;
  });
  for (const auto& input : inputs_on_device(config::own_unit)) {
    if (!part_at(input.path)) files_.push_back({input.path, Part::named});
  }
}

std::optional<Part> OwnFiles::part_at(std::string_view path) const {
  const auto* found = config::own_at(files_, path);
  if (found == nullptr) return {};
  return found->part;
}

bool changes_own_package(const std::vector<std::string>& claims) {
  return contains(claims, fmt::format("{}{}", drivers::host::package_claim, drivers::host::own_package));
}

std::vector<OwnFile> OwnFiles::claimed_by(const std::vector<std::string>& claims) const {
  std::vector<OwnFile> found;
  if (changes_own_package(claims)) found = of_package();
  for (const auto& place : files_) {
    const bool is_claimed = std::ranges::any_of(claims, [&](std::string_view claim) {
      if (!claim.starts_with(plan::path_claim)) return false;
      claim.remove_prefix(std::string_view(plan::path_claim).size());
      return is_at_or_below(place.path, claim) || is_at_or_below(claim, place.path);
    });
    if (is_claimed) found.push_back(place);
  }
  return found;
}

/// With the units that the agent needs to take a package back.
std::vector<OwnFile> OwnFiles::of_package() const {
  if (files_.empty()) return {};
  const auto stand_in = fmt::format("{}/{}", systemd::unit_directory, guard_unit);
  std::vector<OwnFile> found;
  for (const auto& place : files_) {
    const bool is_its = place.part == Part::program || place.part == Part::unit ||
                        place.part == Part::guard || place.part == Part::configuration ||
                        place.part == Part::boot;
    if (is_its && !place.path.starts_with("/run/") && place.path != stand_in) found.push_back(place);
  }
  for (const auto directory :
       {"/usr/lib/systemd/system", "/lib/systemd/system", "/usr/local/lib/systemd/system"}) {
    for (const auto unit : {std::string_view("greenwave-programs.socket"),
                            std::string_view("greenwave-programs.service"), drivers::host::packages_unit}) {
      found.push_back({fmt::format("{}/{}", directory, unit), Part::unit});
    }
  }
  return found;
}

std::string OwnFiles::fingerprint() const {
  std::string text;
  for (const auto& place : files_) {
    add_lstat(place.path, text);
    std::error_code none;
    for (const auto& inside : fs::directory_iterator(place.path, none)) add_lstat(inside.path(), text);
  }
  return text;
}

}  // namespace greenwave::guard
