#include "tip/tip_directory.h"

#include <array>
#include <set>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"

namespace greenwave::hub {

namespace {

constexpr std::size_t most_bytes = 16 * 1024;  ///< of a tip, with what is signed
constexpr std::size_t most_watches = 1000;
constexpr std::size_t most_known = 1000;
/// Whoever exchanges a directory above those that are watched tells nobody.
constexpr auto longest_known = std::chrono::seconds(5);
constexpr std::uint32_t changes =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

std::string directory_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

TipDirectory::TipDirectory(Loop& loop, std::filesystem::path root,
                           std::function<void(const std::string&)> changed)
    : loop_(loop),
      root_(std::move(root)),
      changed_(std::move(changed)),
      inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (!inotify_) throw system_error("watch", root_.native());
  loop_.watch(inotify_.get(), Loop::reading, [this] { hear(); });
}

TipDirectory::~TipDirectory() {
  loop_.unwatch(inotify_.get());
}

std::shared_ptr<const TipDirectory::Tip> TipDirectory::read(const std::string& path) {
  const auto now = std::chrono::steady_clock::now();
  const auto found = known_.find(path);
  if (found != known_.end() && now < found->second.until) return found->second.tip;
  auto tip = read_file_of(path);
  if (found != known_.end()) known_.erase(found);
  // What is not there is asked for by any name.
  if (tip && known_.size() < most_known && watches_.contains(directory_of(path))) {
    known_.emplace(path, Known{tip, now + longest_known});
  }
  return tip;
}

void TipDirectory::forget(const std::string& directory) {
  std::erase_if(known_, [&](const auto& one) { return directory_of(one.first) == directory; });
}

std::shared_ptr<const TipDirectory::Tip> TipDirectory::read_file_of(const std::string& path) const {
  const auto file = root_.native() + path;
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat about {};
  if (!fd || ::fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode)) return {};
  try {
    auto text = read_all(fd.get(), most_bytes, file);
    auto tag = fmt::format("\"{}\"", to_hex(sha256(text)).substr(0, 32));
    return std::make_shared<const Tip>(Tip{std::move(text), std::move(tag)});
  } catch (const Error&) {
    return {};
  }
}

bool TipDirectory::watch(const std::string& path) {
  auto directory = directory_of(path);
  if (watches_.contains(directory)) return true;
  if (watches_.size() >= most_watches) return false;
  const int watch = ::inotify_add_watch(inotify_.get(), (root_.native() + directory).c_str(), changes);
  if (watch < 0) return false;
  directories_[watch] = directory;
  watches_.emplace(std::move(directory), watch);
  return true;
}

void TipDirectory::hear() {
  alignas(inotify_event) std::array<char, 64 * 1024> buffer;
  std::set<std::string> found;
  for (;;) {
    const auto count = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (count <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += sizeof(inotify_event) + event->len;
      if (event->mask & IN_Q_OVERFLOW) {
        for (const auto& [directory, watch] : watches_) found.insert(directory);
        continue;
      }
      const auto known = directories_.find(event->wd);
      if (known == directories_.end()) continue;
      found.insert(known->second);
      if ((event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) == 0) continue;
      ::inotify_rm_watch(inotify_.get(), event->wd);
      watches_.erase(known->second);
      directories_.erase(known);
    }
  }
  for (const auto& directory : found) forget(directory);
  for (const auto& directory : found) changed_(directory);
}

}  // namespace greenwave::hub
