#include "drivers/host/owner.h"

#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/account.h"
#include "base/file.h"
#include "base/text.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_bytes = 4 * 1024 * 1024;

std::optional<id_t> digits(std::string_view text) {
  id_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  // The highest number means "leave it as it is" to chown.
  return number == static_cast<id_t>(-1) ? std::optional<id_t>() : number;
}

std::optional<id_t> live_number(bool user, const std::string& name) {
  if (!user) return group_named(name);
  const auto found = user_named(name);
  return found ? std::optional<id_t>(found->uid) : std::nullopt;
}

/// The image's own database, read within its root; nothing where it has none.
std::optional<std::string> image_database(const Host& host, const std::string& path) {
  const Host image{host.root, {"/etc"}};
  Parents parents(image, Parents::Purpose::look);
  const auto at = parents.find(path);
  if (!at) return {};
  const Fd fd(::openat(at->directory, at->name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ENOENT) return {};
  if (!fd) throw path_error("read", path);
  return read_all(fd.get(), most_bytes, path);
}

}  // namespace

std::optional<id_t> number_in(std::string_view database, std::string_view name) {
  for (const auto line : split(database, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() >= 3 && fields[0] == name) return digits(fields[2]);
  }
  return {};
}

void Owners::forget_if_changed() {
  std::string now;
  for (const auto* path : {"/etc/passwd", "/etc/group"}) {
    struct stat about {};
    const auto full = host_.is_live() ? std::string(path) : host_.root.native() + path;
    if (::lstat(full.c_str(), &about) != 0) continue;
    now +=
        fmt::format("{} {} {} {} ", about.st_ino, about.st_size, about.st_ctim.tv_sec, about.st_ctim.tv_nsec);
  }
  if (now == databases_) return;
  known_.clear();
  databases_ = std::move(now);
}

id_t Owners::number(Database database, const std::string& name) {
  if (name == "root") return 0;
  if (const auto given = digits(name)) return *given;
  forget_if_changed();
  if (const auto known = known_.find({database, name}); known != known_.end()) return known->second;

  const bool user = database == Database::users;
  std::optional<std::string> image;
  if (!host_.is_live()) image = image_database(host_, user ? "/etc/passwd" : "/etc/group");
  const auto found = image ? number_in(*image, name) : live_number(user, name);
  if (!found) {
    throw Error(Fault::invalid,
                fmt::format("there is no {} {} on this device", user ? "user" : "group", printable(name)),
                fmt::format("create it first (a package, sysusers.d, or a Command that this depends on), or "
                            "name another {}",
                            user ? "owner" : "group"));
  }
  known_[{database, name}] = *found;
  return *found;
}

Attributes Owners::attributes(mode_t type, mode_t mode, const std::string& owner, const std::string& group) {
  const auto wanted = expected(type, mode, owner, group);
  if (wanted.missing) throw *wanted.missing;
  return wanted.attributes;
}

Owners::Expected Owners::expected(mode_t type, mode_t mode, const std::string& owner,
                                  const std::string& group) {
  Expected wanted{{type, mode, {}, {}}};
  if (::geteuid() != 0 && !host_.is_live()) return wanted;
  const auto set = [&](auto& id, Database database, const std::string& name) {
    try {
      id = number(database, name);
    } catch (const Error& error) {
      if (error.fault() != Fault::invalid) throw;
      if (!wanted.missing) wanted.missing = error;
    }
  };
  set(wanted.attributes.uid, Database::users, owner);
  set(wanted.attributes.gid, Database::groups, group);
  return wanted;
}

}  // namespace greenwave::drivers::host
