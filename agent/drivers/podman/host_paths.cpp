#include "drivers/podman/host_paths.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <optional>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "drivers/podman/play_kube.h"
#include "drivers/workload/host_path.h"

namespace greenwave::drivers::podman {

namespace {

constexpr unsigned most_links_followed = 40;  ///< as the kernel has it

bool is_root(uid_t user) {
  return user == 0 || user == ::geteuid();
}

/// Follows a path by one name at a time, and refuses what others than root can change.
class HostPath {
 public:
  explicit HostPath(const std::string& path) : path_(path) {
    begin();
    follow(path);
  }

  /// Where it leads. What is not there is as it is written.
  std::string real() const {
    std::string text;
    for (const auto& place : places_) text += place.name.empty() ? "" : "/" + place.name;
    return text.empty() ? "/" : text;
  }

 private:
  struct Place {
    std::string name;
    Fd found;  ///< O_PATH; none: it is not there
    struct stat about {};
  };

  void begin() {
    places_.clear();
    Place root{"", Fd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC))};
    if (!root.found || ::fstat(root.found.get(), &root.about) != 0) throw system_error("open", "/");
    places_.push_back(std::move(root));
  }

  void follow(std::string_view path) {
    for (const auto name : split(path, '/')) {
      if (name.empty() || name == ".") continue;
      if (name == "..") {
        if (places_.size() > 1) places_.pop_back();
      } else {
        step(std::string(name));
      }
    }
  }

  void step(const std::string& name) {
    const auto& here = places_.back();
    Place next{name, Fd()};
    if (here.found) {
      next.found = Fd(::openat(here.found.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
      if (!next.found && errno != ENOENT && errno != ENOTDIR) throw system_error("look at", path_);
      if (next.found && ::fstat(next.found.get(), &next.about) != 0) throw system_error("look at", path_);
      refuse_swappable(here, next);
    }
    if (next.found && S_ISLNK(next.about.st_mode)) {
      enter_link(next.found.get());
    } else {
      places_.push_back(std::move(next));
    }
  }

  void enter_link(int link) {
    char target[PATH_MAX];
    const auto size = ::readlinkat(link, "", target, sizeof target);
    if (size < 0) throw system_error("read the link at", path_);
    if (++links_ > most_links_followed) {
      throw Error(Fault::conflict, fmt::format("the host's path {} has too many links", printable(path_)),
                  "remove some");
    }
    const std::string_view text(target, static_cast<std::size_t>(size));
    if (text.starts_with('/')) begin();
    follow(text);
  }

  void refuse_swappable(const Place& directory, const Place& entry) const {
    const auto& about = directory.about;
    if (!is_root(about.st_uid)) {
      refuse(entry, fmt::format("belongs to user {}", about.st_uid), "let root own it");
    }
    const bool others =
        (about.st_mode & S_IWOTH) != 0 || ((about.st_mode & S_IWGRP) != 0 && about.st_gid != 0);
    const bool is_sticky = (about.st_mode & S_ISVTX) != 0 && entry.found && is_root(entry.about.st_uid);
    if (others && !is_sticky) refuse(entry, "is writable for others than root", "chmod go-w it");
  }

  [[noreturn]] void refuse(const Place& entry, const std::string& why, std::string_view remedy) const {
    const auto directory = printable(real());
    throw Error(Fault::conflict,
                fmt::format("the host's path {}: {} {}, who could put a link in the place of {}",
                            printable(path_), directory, why, printable(entry.name)),
                fmt::format("mount {} itself, or {}", directory, remedy));
  }

  const std::string& path_;
  std::vector<Place> places_;  ///< from the root down to here
  unsigned links_ = 0;
};

/// What was made for the pod, where no rule would allow it.
void check_own_path(const std::string& path) {
  const auto real = HostPath(path).real();
  if (real == path) return;
  throw Error(Fault::conflict,
              fmt::format("the pod's volume {} leads to {}", printable(path), printable(real)),
              "remove the link");
}

}  // namespace

void check_host_path(const workload::Rules& rules, const std::string& path) {
  const auto real = HostPath(path).real();
  if (workload::is_allowed(rules, real)) return;
  throw Error(Fault::conflict,
              fmt::format("the host's path {} leads to {}, which is not allowed on this device",
                          printable(path), printable(real)),
              "remove the link, or add to allowedPaths in agent.yaml");
}

void check_host_paths(const workload::Rules& rules, std::span<const std::string> paths) {
  for (const auto& path : paths) check_host_path(rules, path);
}

std::optional<std::string> unsafe_host_path(const workload::Rules& rules,
                                            std::span<const std::string> paths) {
  try {
    check_host_paths(rules, paths);
    return {};
  } catch (const Error& error) {
    return error.message();
  }
}

void check_mounts(const workload::Rules& rules, Service& service, const std::string& container) {
  const auto own = nlohmann::json::parse(service.label(container, labels::own_paths), nullptr, false);
  for (const auto& path : service.host_paths(container)) {
    const auto is_its = [&](const nlohmann::json& one) {
      return one.is_string() && is_at_or_below(path, one.get_ref<const std::string&>());
    };
    if (own.is_array() && std::ranges::any_of(own, is_its)) {
      check_own_path(path);
    } else {
      check_host_path(rules, path);
    }
  }
}

}  // namespace greenwave::drivers::podman
