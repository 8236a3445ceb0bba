#include "guard/own_files.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/text.h"
#include "drivers/host/unit_spec.h"
#include "guard/unit_inputs.h"
#include "plan/places.h"
#include "systemd/unit_name.h"

namespace greenwave::guard {

namespace {

namespace fs = std::filesystem;
namespace host = drivers::host;

void add_lstat(const fs::path& path, std::string& text) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) return;
  text +=
      fmt::format("{} {} {} {:o} {}:{} {} {}.{}\n", path.native(), about.st_dev, about.st_ino, about.st_mode,
                  about.st_uid, about.st_gid, about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
}

}  // namespace

OwnFiles::OwnFiles(const config::Config& config, std::string program) {
  if (config.root != "/") return;
  const auto configuration = fs::absolute(config.file).lexically_normal();
  files_.push_back({configuration.native(), Part::configuration});
  if (!config.allowed_signers.empty()) files_.push_back({config.allowed_signers.native(), Part::trust});
  for (const auto& file : config.identity_files) files_.push_back({file.native(), Part::identity});
  for (const auto& file : config.named_files) {
    if (!part_at(file.native())) files_.push_back({file.native(), Part::named});
  }
  const auto unit = host::UnitSpec::unit_path(host::own_unit);
  files_.push_back({unit, Part::unit});
  for (const auto& name : systemd::definition_names(host::own_unit)) {
    files_.push_back({host::UnitSpec::unit_path(name) + ".d", Part::unit});
  }
  const auto guard = host::UnitSpec::unit_path(guard_unit);
  files_.push_back({guard, Part::guard});
  files_.push_back({guard + ".d", Part::guard});
  files_.push_back({std::move(program), Part::program});
  for (const auto& input : inputs_on_device(host::own_unit)) {
    if (!part_at(input.path)) files_.push_back({input.path, Part::named});
  }
}

std::optional<Part> OwnFiles::part_at(std::string_view path) const {
  const auto has = [&](const OwnFile& place) { return is_at_or_below(path, place.path); };
  const auto found = std::ranges::find_if(files_, has);
  if (found == files_.end()) return {};
  return found->part;
}

std::vector<OwnFile> OwnFiles::claimed_by(const std::vector<std::string>& claims) const {
  std::vector<OwnFile> found;
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
