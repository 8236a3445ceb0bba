#include "git/confined/tip_files.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace greenwave::git::confined {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t second = 1'000'000'000;
/// Within it a file may change again without looking different.
constexpr Duration racy = std::chrono::seconds(2);

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * second + time.tv_nsec;
}

TipFiles::Look look_at(const fs::path& file) {
  struct stat about {};
  if (::lstat(file.c_str(), &about) != 0) return {};
  return {about.st_ino, about.st_size, nanoseconds(about.st_mtim), nanoseconds(about.st_ctim)};
}

bool is_new(const TipFiles::Look& look, Time now) {
  return look.inode != 0 && now.time_since_epoch() - std::chrono::nanoseconds(look.changed) < racy;
}

/// Where the refs of a repository are files: not with reftables, nor in a work tree of another repository.
fs::path directory_with_refs(const fs::path& directory) {
  if (directory.empty()) return {};
  for (const auto& candidate : {directory / ".git", directory}) {
    std::error_code error;
    if (fs::is_directory(candidate / "refs" / "heads", error)) return candidate;
  }
  return {};
}

/// Whether the ref's own file, where it has one, names the commit itself: neither a link, nor another ref,
/// nor a tag.
bool names(const fs::path& file, const CommitId& commit) {
  std::error_code error;
  const auto about = fs::symlink_status(file, error);
  if (about.type() == fs::file_type::not_found) return true;  // it is among the packed ones
  if (about.type() != fs::file_type::regular) return false;
  try {
    return trim(read_file(file, 100)) == commit.text();
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

TipFiles::TipFiles(const fs::path& directory, const Clock& clock)
    : clock_(clock), directory_(directory_with_refs(directory)) {}

TipFiles::Looks TipFiles::look(const std::vector<std::string>& refs) const {
  Looks looks{.refs = refs, .files = {}};
  if (directory_.empty()) return looks;
  looks.files.push_back(look_at(directory_ / "packed-refs"));
  for (const auto& ref : refs) looks.files.push_back(look_at(directory_ / ref));
  return looks;
}

void TipFiles::remember(Looks looks, const Tip& tip) {
  looks_ = {};
  const auto may_change_unseen = [now = clock_.now()](const Look& look) { return is_new(look, now); };
  if (directory_.empty() || std::ranges::any_of(looks.files, may_change_unseen)) return;
  if (!names(directory_ / tip.ref, tip.commit) || look(looks.refs) != looks) return;
  looks_ = std::move(looks);
  tip_ = tip;
}

std::optional<Tip> TipFiles::tip(const std::vector<std::string>& refs) const {
  if (looks_.files.empty() || looks_.refs != refs || look(refs) != looks_) return {};
  return tip_;
}

}  // namespace greenwave::git::confined
