#include "drivers/host/unit_definitions.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/file.h"
#include "drivers/host/signature.h"
#include "drivers/host/unit_files.h"
#include "drivers/host/unit_spec.h"
#include "drivers/host/unit_state.h"
#include "systemd/unit_name.h"
#include "systemd/unit_paths.h"

namespace greenwave::drivers::host {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_known_files = 4096;

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec &&
         a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

/// Of all files that a unit was made from; zeros for one that is gone.
std::vector<struct stat> stats_of(const systemd::Definition& definition) {
  std::vector<struct stat> all;
  const auto add = [&](const std::string& path) {
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) about = {};
    all.push_back(about);
  };
  if (!definition.fragment.empty()) add(definition.fragment);
  for (const auto& path : definition.drop_ins) add(path);
  return all;
}

/// The number of the directory with units that a drop-in is in: what is in an earlier one of them replaces
/// what has its name in a later one.
std::size_t number_of_place(const fs::path& drop_in) {
  const auto place = drop_in.parent_path().parent_path().native();
  const auto found = std::ranges::find(systemd::unit_search_path, place);
  return static_cast<std::size_t>(found - systemd::unit_search_path.begin());
}

/// Whether systemd loads `path` in place of `other`, which has the same name. Of directories of different
/// units only systemd says.
bool comes_before(const fs::path& path, const fs::path& other) {
  if (path.parent_path().filename() != other.parent_path().filename()) return false;
  const bool is_merged = path.native().starts_with("/usr/lib/") && other.native().starts_with("/lib/");
  return !is_merged && number_of_place(path) < number_of_place(other);
}

}  // namespace

std::vector<std::string> list_drop_ins(const fs::path& root, const std::vector<std::string>& names) {
  std::vector<std::string> found;
  const auto add = [&](const std::string& directory) {
    std::error_code none;
    for (const auto& item : fs::directory_iterator(root / directory.substr(1), none)) {
      const auto name = item.path().filename().native();
      const bool is_mask = item.is_symlink(none) && fs::read_symlink(item.path(), none) == "/dev/null";
      if (name.ends_with(".conf") && !is_mask) found.push_back(directory + "/" + name);
    }
  };
  for (const auto& unit : names) {
    for (const auto& name : systemd::definition_names(unit)) {
      for (const auto place : systemd::unit_search_path) add(fmt::format("{}/{}.d", place, name));
      for (const auto place : systemd::made_unit_directories) add(fmt::format("{}/{}.d", place, name));
    }
  }
  return found;
}

std::vector<std::string> unread_drop_ins(const systemd::Definition& loaded,
                                         const std::vector<std::string>& there) {
  std::vector<std::string> unread;
  for (const auto& path : there) {
    const auto replaces = [&](const std::string& other) {
      return fs::path(other).filename() == fs::path(path).filename() && !comes_before(path, other);
    };
    if (std::ranges::none_of(loaded.drop_ins, replaces)) unread.push_back(path);
  }
  return unread;
}

std::string load_difference(const systemd::UnitState& state, const UnitRecord& record) {
  const bool needed = record.running == true || record.enabled == true || !record.files.empty();
  if (record.masked == true) return state.load == "masked" ? "" : "not masked";
  if (state.load == "masked") return needed || record.masked == false ? "masked" : "";
  if (!needed) return {};
  if (state.load == "bad-setting" || state.load == "error") {
    return fmt::format("systemd cannot load it ({})", state.load);
  }
  const bool loses_files = state.load == "not-found" && (record.running == true || !record.files.empty());
  return loses_files ? "there is no unit file" : "";
}

std::string files_difference(const systemd::Definition& loaded, const UnitRecord& record) {
  if (loaded.needs_reload) return "systemd has not read its files since they changed";
  const auto own = UnitSpec::unit_path(record.unit);
  for (const auto& path : record.files) {
    if (path == own && loaded.fragment != own) {
      return fmt::format("systemd reads {} instead of {}",
                         loaded.fragment.empty() ? "nothing" : loaded.fragment, own);
    }
    if (path != own && !contains(loaded.drop_ins, path)) return fmt::format("systemd does not read {}", path);
  }
  return {};
}

const systemd::Definition& UnitDefinitions::loaded(const systemd::UnitState& state, bool distrust) {
  auto& known = loaded_[state.id];
  const auto& directories = jobs_.states().directories();
  const bool holds = !distrust && !directories.is_zero() && known.directories == directories &&
                     std::ranges::equal(stats_of(known.definition), known.files, is_same);
  if (holds) return known.definition;
  known.definition = systemd_.definition(state.path);
  if (!known.definition.needs_reload) known.definition.needs_reload = !unread(known.definition).empty();
  known.directories = known.definition.needs_reload ? Digest() : directories;
  known.files = stats_of(known.definition);
  return known.definition;
}

/// Those that systemd would load now, and has not. In a directory that is new since it was loaded it does not
/// see them, and so does not say that it needs a reload.
std::vector<std::string> UnitDefinitions::unread(const systemd::Definition& loaded) {
  auto found = unread_drop_ins(loaded, list_drop_ins(host_.root, loaded.names));
  std::erase_if(found, [&](const std::string& path) {
    const auto [first, is_new] = unread_since_.try_emplace(path, jobs_.reloads());
    return first->second != jobs_.reloads();
  });
  return found;
}

std::string UnitDefinitions::difference(const UnitRecord& record, bool distrust) {
  if (systemd::is_template(record.unit)) return {};
  const auto state = jobs_.states().of(record.unit, distrust);
  if (auto words = load_difference(state, record); !words.empty()) return words;
  if (state.load != "loaded") return {};
  return files_difference(loaded(state, distrust), record);
}

bool UnitDefinitions::needs_reload(const std::string& unit) {
  if (systemd::is_template(unit)) return false;
  const auto state = jobs_.states().of(unit);
  return state.load != "not-found" && loaded(state).needs_reload;
}

std::string UnitDefinitions::digest(const std::string& unit) {
  if (systemd::is_template(unit)) return {};
  const auto state = jobs_.states().of(unit);
  if (state.load != "loaded") return {};
  const auto& made_from = loaded(state);
  Hasher hasher;
  const auto add = [&](const std::string& path) {
    if (!path.empty()) hasher.add_field(path).add_field(view(content_of(path)));
  };
  add(made_from.fragment);
  for (const auto& path : made_from.drop_ins) add(path);
  return to_hex(hasher.finish());
}

Digest UnitDefinitions::content_of(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return {};
  if (const auto known = files_.find(path); known != files_.end() && is_same(known->second.about, about)) {
    return known->second.content;
  }
  if (files_.size() >= most_known_files) files_.clear();
  try {
    const auto content = content_digest(host_, read_file(path, largest_unit));
    files_.insert_or_assign(path, Known{about, content});
    return content;
  } catch (const Error&) {
    return {};
  }
}

bool UnitDefinitions::is_outdated(const UnitRecord& record) {
  if (record.running != true || record.definition.empty() || record.started.empty()) return false;
  const auto now = digest(record.unit);
  // Whoever has started it since started it with those files.
  return !now.empty() && now != record.definition && jobs_.this_start(record.unit) == record.started;
}

}  // namespace greenwave::drivers::host
