#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "config/own_paths.h"
#include "drivers/host/directory_sync.h"

namespace greenwave::drivers::host {

/// The device whose files are managed: the live one, or an image in a directory (as with `dpkg --root`).
struct Host {
  std::filesystem::path root = "/";
  std::vector<std::string> allowed_paths = {};  ///< as manifests write them; "/" allows everything
  std::string digest_key = {};                  ///< of the digests of files' contents
  /// What the device had at manifests' paths before; below `root`. Empty: kept_directory()'s default.
  std::filesystem::path kept = {};
  /// As whom programs of manifests may run; absent: as anybody.
  std::optional<std::vector<std::string>> program_users = {};
  config::OwnPaths own = {};  ///< what is the agent's, and where links lead to it
  /// The socket of the service that runs programs for the agent; empty: they are its own children.
  std::filesystem::path programs = {};

  bool is_live() const { return root == "/"; }
  std::filesystem::path kept_directory() const {
    return kept.empty() ? root / "var/lib/greenwave/kept" : kept;
  }
};

/// Why a manifest may not name a path, and what to write instead.
struct Refusal {
  std::string message;
  std::string remedy;
};

/// The suffix of temporary names that the agent writes to before renaming, and the name of the directory at
/// the top of a file system where it keeps what it replaces there. No manifest may use them.
inline constexpr std::string_view beside_suffix = ".greenwave~";
inline constexpr std::string_view kept_name = ".greenwave-kept";

/// Nothing if a manifest may name `path`: absolute, without "." or ".." or doubled or trailing slashes,
/// without names of the agent's own, below one of the allowed paths, and neither at nor in what is never a
/// manifest's. Pure.
std::optional<Refusal> refusal_of(const Host& host, std::string_view path);

/// The parents of `path` that lie below its allowed path, outermost first: /etc/a/b gives /etc/a when /etc
/// is allowed. Pure.
std::vector<std::string> parents_of(const Host& host, std::string_view path);

/// A name in an open directory, for the *at() system calls. The descriptor belongs to the Parents that
/// returned it, and is valid until its next call.
struct Spot {
  int directory = -1;
  std::string name;
};

/// Opens the directories of manifests' paths. Whatever links the device has, or gets meanwhile, an opened
/// directory is below the path's allowed path: the allowed path itself is resolved within the root, and the
/// rest never leaves it. For a look the kernel resolves it (openat2), for a change a Walk, which refuses what
/// a user could have led elsewhere. The last part of a path is never followed: callers use the *at() calls
/// and O_NOFOLLOW.
///
/// The last directory stays open, so that neighbours cost no second open; keep a Parents only as long as one
/// pass takes. The Host must outlive it.
class Parents {
 public:
  enum class Purpose {
    change,
    look,
    look_at_still,  ///< nothing changes the device while this exists: what is missing is not looked for again
  };
  explicit Parents(const Host& host, Purpose purpose = Purpose::change) : host_(host), purpose_(purpose) {}

  /// Nothing if a parent does not exist or is not a directory. Throws Error: conflict if a link leads out of
  /// the allowed path, or to what is the agent's own, or if the way is not safe; invalid if the path is
  /// refused.
  std::optional<Spot> find(const std::string& path);

  /// Like find, but creates missing parents, with mode 0755 and owned by the agent; they are durable after
  /// made().sync(). A parent that is not a directory is an Error (conflict).
  Spot make(const std::string& path);
  DirectorySync& made() { return made_; }

  /// lstat of a path; false when it, or a parent, does not exist. Throws Error otherwise.
  bool look(const std::string& path, struct stat& about);

  const Host& host() const { return host_; }
  bool changes() const { return purpose_ == Purpose::change; }

 private:
  Fd open_allowed(std::string_view allowed) const;
  Fd open_to_look(std::string_view allowed, const std::string& relative) const;
  Fd open_to_change(const std::string& path, std::string_view allowed, const std::string& relative,
                    bool make);
  std::optional<Fd> open_parent(const std::string& path, std::string_view parent, bool make);
  std::optional<Spot> spot(const std::string& path, bool make);
  void refuse_detour(const std::string& path);

  const Host& host_;
  Purpose purpose_;
  std::string parent_;  ///< the path of `directory_`
  Fd directory_;
  std::optional<std::string> missing_;
  bool by_link_ = false;  ///< `directory_` may be elsewhere than its path says
  DirectorySync made_;
};

/// An Error for errno after an action on a manifest's path, with the remedies of this field: a full disk, a
/// read-only file system, a directory in the way, …
Error path_error(std::string_view action, const std::string& path);

}  // namespace greenwave::drivers::host
