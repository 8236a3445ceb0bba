#include "git/library.h"

#include <algorithm>
#include <cctype>
#include <mutex>

#include <fmt/format.h>

#include "base/text.h"
#include "git/pack_sink.h"
#include "git/store.h"
#include "git/work_budget.h"

namespace greenwave::git {

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

std::mutex durable_mutex;
int durable_writers = 0;

void set(int option, auto value) {
  if (git_libgit2_opts(option, value) < 0) {
    throw failure(Fault::internal, fmt::format("set libgit2's option {}", option));
  }
}

void start() {
  install_allocator();
  if (git_libgit2_init() < 0) throw failure(Fault::internal, "start libgit2");
  set(GIT_OPT_SET_MWINDOW_SIZE, 4 * mebibyte);
  set(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, 32 * mebibyte);
  set(GIT_OPT_SET_CACHE_MAX_SIZE, static_cast<ssize_t>(4 * mebibyte));
  // Reads what there is of a clone that was made with a filter.
  const char* extensions[] = {"partialclone"};
  if (git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, 1) < 0) {
    throw failure(Fault::internal, "set libgit2's extensions");
  }
  // Any user may own a repository on the device: nothing in it is executed.
  set(GIT_OPT_SET_OWNER_VALIDATION, 0);
  set(GIT_OPT_SET_PACK_MAX_OBJECTS, static_cast<std::size_t>(FetchLimits{}.objects));
#ifdef LIBGIT2_LIMITS_OBJECTS
  // Added by a security update under the same soname; without it the transports' byte limits remain.
  git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, 128 * mebibyte);
#endif
  // ~/.gitconfig and /etc/gitconfig must not affect the device.
  for (const auto level : {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
                           GIT_CONFIG_LEVEL_GLOBAL}) {
    if (git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "") < 0) {
      throw failure(Fault::internal, "clear libgit2's search paths");
    }
  }
}

bool passes_by_itself(const git_error* error) {
  if (error == nullptr || error->message == nullptr) return false;
  if (error->klass == GIT_ERROR_NOMEMORY) return true;
  // libgit2 keeps the text of errno, but not its number.
  const std::string_view message = error->message;
  for (const std::string_view words :
       {"No space left", "Disk quota", "Read-only file system", "Too many open files"}) {
    if (message.find(words) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

void initialize() {
  static std::once_flag once;
  std::call_once(once, start);
}

Durably::Durably() {
  const std::scoped_lock lock(durable_mutex);
  if (durable_writers == 0) set(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
  ++durable_writers;
}

Durably::~Durably() {
  const std::scoped_lock lock(durable_mutex);
  if (--durable_writers == 0) git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 0);
}

std::string last_message() {
  const auto* error = git_error_last();
  if (error == nullptr || error->message == nullptr) return "libgit2 gave no reason";
  auto text = printable(std::string_view(error->message).substr(0, 500));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

Error failure(Fault fault, std::string_view action, std::string_view remedy) {
  auto message = fmt::format("cannot {}: {}", action, last_message());
  if (!passes_by_itself(git_error_last())) return Error(fault, std::move(message), std::string(remedy));
  return Error(Fault::transient, std::move(message), "free some space or memory; the next sync tries again");
}

std::string to_hex(const git_oid& oid) {
  std::string hex(GIT_OID_HEXSZ, '0');
  git_oid_fmt(hex.data(), &oid);
  return hex;
}

git_oid to_oid(std::string_view hex) {
  git_oid oid{};
  const bool digits = std::all_of(hex.begin(), hex.end(), [](unsigned char c) { return std::isxdigit(c); });
  if (hex.size() != GIT_OID_HEXSZ || !digits || git_oid_fromstrn(&oid, hex.data(), hex.size()) < 0) {
    throw Error(Fault::invalid, fmt::format("\"{}\" is not a commit id", printable(hex.substr(0, 60))),
                "40 hexadecimal digits were expected");
  }
  return oid;
}

git_oid to_oid(const CommitId& commit) {
  return to_oid(commit.text());
}

}  // namespace greenwave::git
