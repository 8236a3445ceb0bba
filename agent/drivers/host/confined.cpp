#include "drivers/host/confined.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "drivers/host/walk.h"

namespace greenwave::drivers::host {

namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

/// The C library has no wrapper for it. EAGAIN means that something was renamed while the kernel looked.
Fd open_within(int base, const std::string& path, std::uint64_t flags, std::uint64_t resolve) {
  struct open_how how {};
  how.flags = flags;
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  for (int tries = 0; tries < 100; ++tries) {
    const auto raw = ::syscall(SYS_openat2, base, path.c_str(), &how, sizeof how);
    if (raw >= 0) return Fd(static_cast<int>(raw));
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return Fd();
}

/// The allowed path without a trailing slash: "" for "/".
std::string_view without_slash(std::string_view allowed) {
  while (allowed.ends_with('/')) allowed.remove_suffix(1);
  return allowed;
}

bool lies_below(std::string_view path, std::string_view allowed) {
  return path.size() > allowed.size() + 1 && path.starts_with(allowed) && path[allowed.size()] == '/';
}

/// The topmost allowed path that contains `path`, without a trailing slash.
std::optional<std::string_view> allowed_around(const Host& host, std::string_view path) {
  std::optional<std::string_view> widest;
  for (const auto& candidate : host.allowed_paths) {
    const auto allowed = without_slash(candidate);
    if (lies_below(path, allowed) && (!widest || allowed.size() < widest->size())) widest = allowed;
  }
  return widest;
}

/// Where the agent itself is, no manifest may be.
std::optional<Refusal> refusal_by_agent(const Host& host, std::string_view path) {
  const auto* own = own_at(host.own, path);
  if (own == nullptr || may_change(own->part)) return {};
  const bool is_it = own->path == path;
  return Refusal{
      fmt::format(
          "the path {} is {}{}, which no manifest may change", printable(path), is_it ? "" : "in ",
          is_it ? std::string(in_words(own->part)) : fmt::format("{} ({})", in_words(own->part), own->path)),
      "choose another path"};
}

std::string_view parent_of(std::string_view path) {
  return path.substr(0, path.rfind('/'));
}

Error in_the_way(const std::string& path, std::string_view allowed) {
  switch (errno) {
    case EXDEV:
    case ELOOP:
      return Error(Fault::conflict, fmt::format("a link on the way to {} leads out of {}", path, allowed),
                   "remove the link, or name the path that it points to and allow that in allowedPaths");
    case ENOTDIR:
      return Error(Fault::conflict, fmt::format("a parent of {} is not a directory", path),
                   "remove what is there, or choose another path");
    case ENOENT:
      return Error(Fault::conflict, fmt::format("a link on the way to {} points to nothing", path),
                   "remove the link");
    case ENOSYS:
      return Error(Fault::invalid, "this kernel cannot open files safely (it has no openat2)",
                   "Greenwave needs Linux 5.6 or newer");
    default:
      return path_error("open the directory of", path);
  }
}

/// Why it is no plain path below an allowed one.
std::optional<Refusal> refusal_of_form(const Host& host, std::string_view path) {
  const auto shown = printable(path);
  if (!path.starts_with('/')) {
    return Refusal{fmt::format("the path \"{}\" is not absolute", shown), "begin it with a slash"};
  }
  if (path.size() > 4000) return Refusal{"the path is longer than 4,000 bytes", "shorten it"};
  for (const auto part : split(path.substr(1), '/')) {
    if (part.empty() || part == "." || part == "..") {
      return Refusal{fmt::format("the path \"{}\" is not in its plain form", shown),
                     "write it without \".\", \"..\", doubled slashes or a slash at the end"};
    }
    if (part.size() > 255) {
      return Refusal{fmt::format("a name in the path \"{}\" is longer than 255 bytes", shown), "shorten it"};
    }
    if (part.ends_with(beside_suffix) || part == kept_name) {
      return Refusal{
          fmt::format("the name {} in the path \"{}\" is one of the agent's own", printable(part), shown),
          "choose another name"};
    }
  }
  const auto is_control = [](unsigned char letter) { return letter < 0x20 || letter == 0x7f; };
  if (std::any_of(path.begin(), path.end(), is_control)) {
    return Refusal{fmt::format("the path \"{}\" holds control characters", shown), "leave them out"};
  }
  if (allowed_around(host, path)) return {};
  if (host.allowed_paths.empty()) {
    return Refusal{fmt::format("the path {} is not allowed on this device: no path is", shown),
                   "list the directories that manifests may write to in allowedPaths of agent.yaml"};
  }
  return Refusal{fmt::format("the path {} is outside of what this device allows ({})", shown,
                             fmt::join(host.allowed_paths, ", ")),
                 "choose a path below one of these, or add to allowedPaths in the device's agent.yaml"};
}

}  // namespace

std::optional<Refusal> refusal_of(const Host& host, std::string_view path) {
  auto refusal = refusal_of_form(host, path);
  return refusal ? refusal : refusal_by_agent(host, path);
}

std::vector<std::string> parents_of(const Host& host, std::string_view path) {
  std::vector<std::string> parents;
  const auto allowed = allowed_around(host, path);
  if (!allowed) return parents;
  for (auto slash = path.find('/', allowed->size() + 1); slash != path.npos;
       slash = path.find('/', slash + 1)) {
    parents.emplace_back(path.substr(0, slash));
  }
  return parents;
}

namespace {

/// Where an open directory is, as manifests write it.
std::string real_path(int directory, const Host& host) {
  std::error_code error;
  auto path = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", directory), error).native();
  if (host.is_live()) return path;
  const auto root = std::filesystem::weakly_canonical(host.root, error).native();
  return path.starts_with(root) ? path.substr(root.size()) : path;
}

}  // namespace

Fd Parents::open_allowed(std::string_view allowed) const {
  const std::string relative(allowed.empty() ? "." : allowed.substr(1));
  if (host_.is_live()) return Fd(::open(("/" + relative).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  Fd root(::open(host_.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) throw system_error("open the root directory", host_.root.native());
  return open_within(root.get(), relative, O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_IN_ROOT);
}

/// For a look: two system calls, since only what it finds is believed.
Fd Parents::open_to_look(std::string_view allowed, const std::string& relative) const {
  const Fd base = open_allowed(allowed);
  return base ? open_within(base.get(), relative, directory_flags, RESOLVE_BENEATH) : Fd();
}

Fd Parents::open_to_change(const std::string& path, std::string_view allowed, const std::string& relative,
                           bool make) {
  Walk walk(host_, path, make ? &made_ : nullptr);
  if (!walk.enter(allowed)) return Fd();
  walk.confine();
  if (!walk.enter(relative)) return Fd();
  by_link_ = walk.has_followed_link();
  return walk.open();
}

std::optional<Fd> Parents::open_parent(const std::string& path, std::string_view parent, bool make) {
  const auto allowed = allowed_around(host_, path);
  // Files that others put into a directory of ours may have any name. What is the agent's own is refused
  // before, and may still be removed where an older one wrote it.
  if (refusal_of_form(host_, std::string(parent) + "/name")) {
    const auto refusal = refusal_of_form(host_, path);
    throw Error(Fault::invalid, refusal ? refusal->message : fmt::format("{} may not be opened", path),
                refusal ? refusal->remedy : "");
  }
  const std::string relative(parent.size() == allowed->size() ? "." : parent.substr(allowed->size() + 1));
  by_link_ = true;
  Fd directory = purpose_ == Purpose::change ? open_to_change(path, *allowed, relative, make)
                                             : open_to_look(*allowed, relative);
  if (directory) return directory;
  if (!make && (errno == ENOENT || errno == ENOTDIR)) return {};
  throw in_the_way(path, *allowed);
}

/// Links may lead from a path that is not the agent's to one that is.
void Parents::refuse_detour(const std::string& path) {
  if (host_.own.empty()) return;
  const auto real = real_path(directory_.get(), host_);
  if (real == parent_) return;
  const auto at = real + path.substr(parent_.size());
  const auto* own = own_at(host_.own, at);
  if (own == nullptr) own = own_below(host_.own, at);
  if (own == nullptr) return;
  directory_ = Fd();
  parent_.clear();
  throw Error(Fault::conflict,
              fmt::format("a link on the way to {} leads to {} ({})", path, in_words(own->part), own->path),
              "remove the link, or choose another path");
}

std::optional<Spot> Parents::spot(const std::string& path, bool make) {
  const auto parent = parent_of(path);
  const auto name = std::string_view(path).substr(std::min(path.size(), parent.size() + 1));
  if (!make && missing_ == parent) return {};
  const bool known = directory_ && parent_ == parent && !name.empty() && name != "." && name != "..";
  if (!known) {
    auto directory = open_parent(path, parent, make);
    if (!directory) {
      if (purpose_ == Purpose::look_at_still) missing_ = parent;
      return {};
    }
    directory_ = std::move(*directory);
    parent_ = parent;
    if (purpose_ != Purpose::look && by_link_) refuse_detour(path);
  }
  return Spot{directory_.get(), std::string(name)};
}

std::optional<Spot> Parents::find(const std::string& path) {
  return spot(path, false);
}

Spot Parents::make(const std::string& path) {
  auto found = spot(path, true);
  if (!found) throw path_error("make the directory of", path);
  return *found;
}

bool Parents::look(const std::string& path, struct stat& about) {
  const auto at = find(path);
  if (!at) return false;
  if (::fstatat(at->directory, at->name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (errno == ENOENT) return false;
  throw path_error("look at", path);
}

Error path_error(std::string_view action, const std::string& path) {
  switch (errno) {
    case EISDIR:
      return Error(Fault::conflict, fmt::format("cannot {} {}: a directory is there", action, path),
                   "remove the directory, or choose another path");
    case ENOTDIR:
      return Error(Fault::conflict,
                   fmt::format("cannot {} {}: something that is not a directory is there", action, path),
                   "remove what is there, or choose another path");
    case EBUSY:
      return Error(Fault::conflict, fmt::format("cannot {} {}: something is mounted there", action, path),
                   "unmount it, or choose another path");
    case EPERM: {
      auto error = system_error(action, path);
      return Error(error.fault(), error.message(),
                   "run the agent as root; if it is, look whether the file is immutable (lsattr)");
    }
    default:
      return system_error(action, path);
  }
}

}  // namespace greenwave::drivers::host
