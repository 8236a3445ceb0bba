#include "git/housekeeping.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include <git2/sys/repository.h>

#include "base/error.h"
#include "base/file.h"
#include "git/handle.h"
#include "git/library.h"
#include "git/pack_files.h"

namespace greenwave::git {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_packs = 20;
constexpr std::size_t most_loose = 200;
constexpr std::uint64_t small_ballast = 256 * 1024;  // not worth writing to the flash

using Config = std::unique_ptr<git_config, Freed<git_config_free>>;

Error failed() {
  return failure(Fault::damaged, "repack the store", damaged_store_remedy);
}

void clear(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  if (!error) return;
  errno = error.value();
  throw system_error("remove", directory.native());
}

Odb odb_of(const Store& store) {
  Odb odb;
  if (git_repository_odb(Out(odb), store.raw()) < 0) throw failed();
  return odb;
}

/// Adds up the sizes of all objects, and of those that are needed.
struct Sum {
  git_odb* odb;
  std::set<git_oid, OidLess> needed;
  Usage usage;

  static int add(const git_oid* oid, void* payload) {
    auto& self = *static_cast<Sum*>(payload);
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (const int code = git_odb_read_header(&size, &type, self.odb, oid); code < 0) return code;
    self.usage.held += size;
    if (self.needed.erase(*oid) > 0) self.usage.needed += size;
    return 0;
  }
};

/// The packbuilder reads its limits from the repository's configuration only, and its defaults are for
/// servers. Written once per store.
void limit_memory(const Store& store) {
  constexpr std::pair<const char*, std::int64_t> limits[] = {
      {"pack.deltaCacheSize", 4 << 20}, {"pack.windowMemory", 4 << 20}, {"core.bigFileThreshold", 1 << 20}};
  Config config;
  if (git_repository_config(Out(config), store.raw()) < 0) throw failed();
  const Durably durably;
  for (const auto& [name, limit] : limits) {
    std::int64_t now = 0;
    if (git_config_get_int64(&now, config.get(), name) == 0 && now == limit) continue;
    if (git_config_set_int64(config.get(), name, limit) < 0) throw failed();
  }
}

/// Calls `go_on` from within libgit2, which wraps the result in its own errors.
struct Asked {
  const GoOn& go_on;
  bool is_stopped = false;

  static int ask(int, std::uint32_t, std::uint32_t, void* payload) {
    auto& self = *static_cast<Asked*>(payload);
    self.is_stopped = !self.go_on();
    return self.is_stopped ? GIT_EUSER : 0;
  }

  Error error() const {
    return is_stopped ? Error(Fault::transient, "the repacking of the store was stopped") : failed();
  }
};

/// Writes one pack with everything that is kept to `into`.
void write_pack(const Store& store, const GoOn& go_on, const fs::path& into) {
  Asked asked{go_on};
  PackBuilder builder;
  if (git_packbuilder_new(Out(builder), store.raw()) < 0) throw failed();
  git_packbuilder_set_threads(builder.get(), 1);
  if (git_packbuilder_set_callbacks(builder.get(), Asked::ask, &asked) < 0) throw failed();
  visit_kept(store, [&](const git_oid& oid, const char* name) {
    if (git_packbuilder_insert(builder.get(), &oid, name) < 0) throw asked.error();
  });
  if (git_packbuilder_write(builder.get(), into.c_str(), 0, nullptr, nullptr) < 0) throw asked.error();
}

}  // namespace

Usage measure(const Store& store) {
  const auto odb = odb_of(store);
  Sum sum{odb.get(), {}, {}};
  sum.usage.commits = visit_kept(store, [&](const git_oid& oid, const char*) { sum.needed.insert(oid); });
  const auto files = list_object_files(store.directory() / "objects");
  sum.usage.packs = files.packs.size();
  sum.usage.loose = files.loose.size();
  if (git_odb_foreach(odb.get(), Sum::add, &sum) < 0) throw failed();
  return sum.usage;
}

bool is_due(const Usage& usage) {
  const auto ballast = usage.held - usage.needed;
  return usage.packs >= most_packs || usage.loose >= most_loose ||
         ballast > std::max(usage.needed, small_ballast);
}

bool tidy(Store& store, const GoOn& go_on, bool force) {
  const auto objects = store.directory() / "objects";
  const auto workshop = store.directory() / "repack";
  remove_headless_packs(objects);
  clear(workshop);
  // Listed first, so that files which arrive from here on are not touched.
  const auto old = list_object_files(objects);
  const auto usage = measure(store);
  if (usage.commits == 0 || !(force || is_due(usage))) return false;
  limit_memory(store);
  make_directories(workshop, 0700);
  write_pack(store, go_on, workshop);
  const auto made = install_pack(workshop, objects);
  clear(workshop);
  remove_object_files(objects, old, made);
  // libgit2 never closes a pack that it has opened, so its disk space is not freed: the next use opens the
  // object database again. Readers of the old one keep it until they are done.
  if (git_repository__cleanup(store.raw()) < 0) throw failed();
  return true;
}

}  // namespace greenwave::git
