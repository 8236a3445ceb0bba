#include "drivers/host/unit_states.h"

#include <ctime>
#include <memory>
#include <string_view>

#include <dirent.h>
#include <sys/stat.h>

#include "base/directory_stream.h"
#include "systemd/unit_paths.h"

namespace greenwave::drivers::host {

namespace {

constexpr auto moment = std::chrono::milliseconds(250);

/// Collects the times of directories. What changed within the last second could change once more without
/// another time to show for it.
class DirectoryTimes {
 public:
  DirectoryTimes() { ::clock_gettime(CLOCK_REALTIME, &now_); }

  void add(const std::string& path) {
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) return;
    if (about.st_ctim.tv_sec + 1 >= now_.tv_sec) settled_ = false;
    hasher_.add_field(path);
    for (const auto part :
         {static_cast<long long>(about.st_ino), static_cast<long long>(about.st_ctim.tv_sec),
          static_cast<long long>(about.st_ctim.tv_nsec)}) {
      hasher_.add_field(std::to_string(part));
    }
  }

  Digest digest() { return settled_ ? hasher_.finish() : Digest{}; }

 private:
  struct timespec now_ {};
  bool settled_ = true;
  Hasher hasher_;
};

bool is_read(const std::string& name) {
  return name.ends_with(".wants") || name.ends_with(".requires") || name.ends_with(".d");
}

void add_with_inner(DirectoryTimes& times, std::string_view place) {
  const std::string directory(place);
  times.add(directory);
  const DirectoryStream listing(::opendir(directory.c_str()));
  if (!listing) return;
  while (const auto* item = ::readdir(listing.get())) {
    if (is_read(item->d_name)) times.add(directory + "/" + item->d_name);
  }
}

/// Zero when something changed just now.
Digest digest_of_directories() {
  DirectoryTimes times;
  for (const auto place : systemd::unit_search_path) add_with_inner(times, place);
  for (const auto place : systemd::made_unit_directories) add_with_inner(times, place);
  return times.digest();
}

}  // namespace

void UnitStates::forget() {
  asked_at_ = {};
  directories_ = {};
}

const systemd::UnitState& UnitStates::of(const std::string& unit, bool distrust) {
  const auto now = std::chrono::steady_clock::now();
  if (distrust && now - files_asked_at_ > moment) forget();
  if (asked_at_ == Instant{} || now - asked_at_ > moment) {
    states_.try_emplace(unit);
    std::vector<std::string> units;
    for (const auto& [name, state] : states_) units.push_back(name);
    const auto directories = digest_of_directories();
    if (directories.is_zero() || directories != directories_) files_.clear();
    directories_ = directories;
    ask(units);
    asked_at_ = now;
  } else if (!states_.contains(unit)) {
    ask({unit});
  }
  return states_.at(unit);
}

void UnitStates::ask(const std::vector<std::string>& units) {
  for (auto& [name, state] : systemd_.states(units)) states_.insert_or_assign(name, std::move(state));
  std::vector<std::string> unknown;
  for (const auto& unit : units) {
    const auto& id = states_[unit].id;
    if (files_.try_emplace(id).second) unknown.push_back(id);
  }
  if (!unknown.empty()) {
    for (auto& [unit, file] : systemd_.file_states(unknown)) files_[unit] = std::move(file);
    files_asked_at_ = std::chrono::steady_clock::now();
  }
  for (const auto& unit : units) states_[unit].file = files_[states_[unit].id];
}

}  // namespace greenwave::drivers::host
