#include "sync/gate.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/directory_stream.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"

namespace greenwave::sync {

namespace {

/// Nobody notifies us when a lock is released.
constexpr auto busy_pause = std::chrono::seconds(10);
constexpr std::size_t most_files = 256;

/// Whether another process holds a lock on it. To find out the lock is taken for a moment.
bool is_locked(int directory, const char* name) {
  const Fd file(::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat about {};
  if (!file || ::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) return false;
  return ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace

std::vector<std::string> busy_files(const std::filesystem::path& directory) {
  std::vector<std::string> busy;
  const DirectoryStream listing(::opendir(directory.c_str()));
  if (!listing) return busy;
  std::size_t seen = 0;
  while (const auto* item = ::readdir(listing.get())) {
    if (item->d_name[0] == '.' || ++seen > most_files) continue;
    if (is_locked(::dirfd(listing.get()), item->d_name)) busy.emplace_back(item->d_name);
  }
  std::ranges::sort(busy);
  return busy;
}

Gate::Gate(const std::vector<Window>& windows, std::filesystem::path busy, bool ignore_windows,
           Problems& problems)
    : has_windows_(!windows.empty() && !ignore_windows), busy_(std::move(busy)) {
  for (const auto& window : windows) {
    try {
      windows_.push_back({window, load_time_zone(window.timezone)});
    } catch (const Error& error) {
      problems.error(window.place, fmt::format("the window {} never opens: {}", window.name, error.message()),
                     error.remedy());
    }
  }
}

bool Gate::can_close() const {
  std::error_code absent;
  return has_windows_ ||
         std::filesystem::directory_iterator(busy_, absent) != std::filesystem::directory_iterator();
}

Permission Gate::ask(Time now) const {
  if (has_windows_ && now < clock_is_set) {
    return {.closed = plan::Closed{.removals = true},
            .why = fmt::format("the clock stands at {}, so that nobody knows whether a window is open",
                               to_iso(now)),
            .until = clock_is_set};
  }
  const auto view = outlook(windows_, now);
  if (has_windows_ && !view.open) {
    return {.closed = plan::Closed{},
            .why = view.changes ? fmt::format("outside of the window {}", printable(view.window))
                                : "there is no window that opens",
            .until = view.changes};
  }
  if (const auto busy = busy_files(busy_); !busy.empty()) {
    return {.closed = plan::Closed{},
            .why = fmt::format("busy: {} is locked", printable((busy_ / busy.front()).native())),
            .until = now + busy_pause};
  }
  return {};
}

}  // namespace greenwave::sync
