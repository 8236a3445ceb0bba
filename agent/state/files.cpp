// The operations of State on its file as a whole.
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/scratch_directory.h"
#include "state/handle.h"
#include "state/schema.h"
#include "state/state.h"

namespace greenwave::state {

namespace fs = std::filesystem;

namespace {

fs::path with(const fs::path& file, std::string_view suffix) {
  return file.native() + std::string(suffix);
}

bool has_wal(const fs::path& file) {
  std::error_code absent;
  const auto size = fs::file_size(with(file, "-wal"), absent);
  return !absent && size > 0;
}

void copy_if_there(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::copy_file(from, to, failure);
  if (!failure || failure == std::errc::no_such_file_or_directory) return;
  errno = failure.value();
  throw system_error("copy", from.native());
}

/// After a power cut there may be a WAL that is not copied back yet. Only a writer can read that, so a copy
/// is opened for writing; it is unlinked, and lives on in its open descriptors.
std::unique_ptr<Database> open_copy(const fs::path& file) {
  const ScratchDirectory scratch("state");
  const auto twin = scratch.path() / "state.db";
  copy_if_there(file, twin);
  copy_if_there(with(file, "-wal"), with(twin, "-wal"));
  return open_database(twin);
}

}  // namespace

std::unique_ptr<State> State::open_read_only(const fs::path& file) {
  std::error_code failure;
  if (!fs::exists(file, failure)) {
    if (!failure) return nullptr;
    errno = failure.value();
    throw system_error("read", file.native());
  }
  if (!has_wal(file)) {
    auto database = std::make_unique<Database>(file, Database::Mode::frozen);
    if (is_current(*database)) return std::unique_ptr<State>(new State(std::move(database)));
  }
  return std::unique_ptr<State>(new State(open_copy(file)));
}

void State::set_aside(const fs::path& file) {
  // The file itself is moved first: SQLite drops a WAL next to an empty database, so a power cut between the
  // two leaves nothing that could be mistaken for the new file's WAL.
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    const auto from = with(file, suffix);
    const auto to = with(file, fmt::format(".damaged{}", suffix));
    if (::rename(from.c_str(), to.c_str()) == 0) continue;
    if (errno != ENOENT) throw system_error("set aside", from.native());
    if (::unlink(to.c_str()) != 0 && errno != ENOENT) throw system_error("remove", to.native());
  }
  const Fd directory(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) throw system_error("sync", file.parent_path().native());
}

}  // namespace greenwave::state
