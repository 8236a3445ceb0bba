#include "guard/own_files.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/text.h"
#include "guard/unit_inputs.h"
#include "plan/places.h"

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
