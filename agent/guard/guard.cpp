#include "guard/guard.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "drivers/host/tree_copy.h"
#include "guard/stand_in.h"

namespace greenwave::guard {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_text = 1 << 20;
constexpr const char* nobody = "none";
/// A run whose change a power cut ended: what it changed is not known.
constexpr const char* cut_off = "cut-off";
constexpr const char* state_copy = "state.db";

struct ArmedLine {
  std::string run;
  bool reached = false;
};

std::optional<std::string> text_of(const fs::path& file) {
  std::error_code none;
  if (!fs::exists(file, none)) return {};
  return read_file(file, most_text);
}

/// Nothing as well for what no writer of ours wrote: then nobody waits for this run.
std::optional<ArmedLine> armed_line(const fs::path& file) {
  const auto text = text_of(file);
  if (!text) return {};
  std::istringstream words(*text);
  std::string since;
  std::string patience;
  std::string reached;
  ArmedLine line;
  words >> since >> patience >> line.run >> reached;
  line.reached = reached == "yes";
  return line;
}

long uptime_seconds() {
  struct timespec now {};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec;
}

void unlink_file(const fs::path& file) {
  if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
    throw Error(Fault::transient, fmt::format("cannot remove {}: {}", file.native(), std::strerror(errno)));
  }
}

void sync_directory(const fs::path& directory) {
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::syncfs(fd.get()) != 0) {
    throw Error(Fault::transient,
                fmt::format("cannot sync {}: {}", directory.native(), std::strerror(errno)));
  }
}

void copy(const std::string& path, const fs::path& directory, const std::string& name) {
  const auto parent = fs::path(path).parent_path();
  const Fd from(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Fd to(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!from || !to) {
    throw Error(Fault::transient, fmt::format("cannot keep {}: {}", path, std::strerror(errno)));
  }
  drivers::host::copy_tree({from.get(), fs::path(path).filename().native()}, {to.get(), name}, path);
}

/// A line of `list`, once what it says is kept.
std::string kept_line(const std::string& path, const fs::path& directory, std::size_t number) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) return fmt::format("absent - {}\n", path);
  const auto name = std::to_string(number);
  copy(path, directory, name);
  return fmt::format("{} {} {}\n", S_ISDIR(about.st_mode) ? "tree" : "file", name, path);
}

}  // namespace

void Guard::keep(const std::vector<OwnFile>& places, const std::optional<ByPackage>& package) {
  const auto& directory = parts_.directory;
  auto list = text_of(at("list")).value_or("");
  if (!fs::exists(at("armed"))) {
    // What an earlier change left, which is over.
    fs::remove_all(directory);
    list.clear();
  }
  make_directories(directory, 0700);
  auto number = static_cast<std::size_t>(std::ranges::count(list, '\n'));
  for (const auto& place : places) {
    const auto ending = fmt::format(" {}\n", place.path);
    if (list.find(ending) != std::string::npos) continue;
    std::error_code none;
    fs::remove_all(directory / std::to_string(number), none);  // of an arming that a power cut ended
    list += kept_line(place.path, directory, number++);
  }
  if (package) {
    const auto ending = fmt::format(" {}\n", package->name);
    const bool is_named = package->name.empty() || list.find(ending) != std::string::npos;
    if (!is_named) list += fmt::format("package {}{}", to_hex(package->version), ending);
    if (parts_.copy_state && !fs::exists(at(state_copy))) parts_.copy_state(at(state_copy));
  }
  sync_directory(directory);
  replace_file(at("list"), list, 0600);
}

void Guard::arm(const std::vector<OwnFile>& places, bool reached, const std::optional<ByPackage>& package) {
  if (fs::exists(at("firing"))) {
    throw Error(Fault::transient, "the guard is putting the agent's last good files back");
  }
  const auto before = armed_line(at("armed"));
  auto earlier = before.value_or(ArmedLine{.run = nobody});
  if (before && earlier.run == nobody) earlier.run = cut_off;
  keep(places, package);
  if (package && parts_.reload && bring_stand_in(parts_.directory)) parts_.reload();
  write_armed(earlier.run, reached || earlier.reached);
  parts_.start();
}

void Guard::tidy() {
  if (!parts_.reload || fs::exists(at("armed")) || fs::exists(at("firing"))) return;
  std::error_code none;
  fs::remove(at(state_copy), none);
  if (remove_stand_in()) parts_.reload();
}

void Guard::write_armed(const std::string& run, bool reached) {
  const auto patience = std::chrono::duration_cast<std::chrono::seconds>(parts_.patience).count();
  replace_file(at("armed"),
               fmt::format("{} {} {} {}\n", uptime_seconds(), patience, run, reached ? "yes" : "no"), 0600);
}

void Guard::changed(bool anything) {
  const auto line = armed_line(at("armed"));
  if (!line) return;
  if (anything) {
    write_armed(parts_.run, line->reached);
  } else if (line->run == nobody) {
    disarm();
  }
}

std::optional<Guard::Armed> Guard::armed_before() const {
  const auto line = armed_line(at("armed"));
  if (!line || line->run == parts_.run) return {};
  return Armed{line->reached};
}

void Guard::disarm() {
  unlink_file(at("armed"));
  sync_directory(parts_.directory);
  tidy();
}

bool Guard::fire(const std::string& reason) {
  if (!is_there() || !armed_before()) return false;
  replace_file(at("reason"), printable(reason) + "\n", 0600);
  // Unless the guard was quicker.
  if (::rename(at("armed").c_str(), at("firing").c_str()) != 0) return fs::exists(at("firing"));
  sync_directory(parts_.directory);
  parts_.start();
  return true;
}

std::optional<PutBack> Guard::put_back() const {
  const auto text = text_of(at("restored"));
  if (!text) return {};
  PutBack found;
  bool is_first = true;
  for (const auto line : split(*text, '\n')) {
    constexpr std::size_t digits = 64;
    if (std::exchange(is_first, false)) {
      found.reason = line;
    } else if (line.size() > digits + 1 && line[digits] == ' ') {
      found.failed[std::string(line.substr(digits + 1))].insert(digest_from_hex(line.substr(0, digits)));
    }
  }
  return found;
}

void Guard::forget_put_back() {
  unlink_file(at("restored"));
  sync_directory(parts_.directory);
  tidy();
}

}  // namespace greenwave::guard
