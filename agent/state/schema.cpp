#include "state/schema.h"

#include <array>
#include <system_error>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

namespace greenwave::state {

namespace {

/// Step N upgrades a file from version N to N + 1; a released step never changes.
///
/// One row per object, found by its primary key (no second index), so that settling one object rewrites one
/// page. Signatures, claims and unit names are blobs, encoded as in codec.h.
constexpr std::array<const char*, 2> migrations{R"sql(
  CREATE TABLE objects (
    api_version TEXT NOT NULL, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    digest BLOB NOT NULL, intended INTEGER NOT NULL, live INTEGER NOT NULL, keep INTEGER NOT NULL,
    rank INTEGER NOT NULL, commit_id TEXT NOT NULL, claims BLOB NOT NULL, record TEXT NOT NULL,
    error TEXT NOT NULL, files BLOB NOT NULL,
    PRIMARY KEY (api_version, kind, namespace, name)
  ) WITHOUT ROWID;
  CREATE TABLE owed (
    unit BLOB NOT NULL, cause BLOB NOT NULL, restart INTEGER NOT NULL, PRIMARY KEY (unit, cause)
  ) WITHOUT ROWID;
  CREATE TABLE history (
    number INTEGER PRIMARY KEY, started INTEGER NOT NULL, size INTEGER NOT NULL, body TEXT NOT NULL
  );
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)sql",
                                                R"sql(
  ALTER TABLE objects ADD COLUMN passes INTEGER NOT NULL DEFAULT 0;
)sql"};

/// What older versions need not know: it raises no version, so that an agent can be taken back.
constexpr const char* additions = R"sql(
  CREATE TABLE IF NOT EXISTS evidence (number INTEGER PRIMARY KEY, line TEXT NOT NULL);
)sql";

std::int64_t version_of(Database& database) {
  auto query = database.prepare("PRAGMA user_version");
  query.next();
  return query.number(0);
}

/// Whether anything was to be done.
bool migrate(Database& database, const std::filesystem::path& file) {
  const auto newest = static_cast<std::int64_t>(migrations.size());
  const auto version = version_of(database);
  if (version < 0 || version > newest) {
    throw Error(Fault::invalid,
                fmt::format("the state file {} was written by a newer Greenwave (its schema is {}, this "
                            "program knows {})",
                            file.native(), version, newest),
                "install that version again, or move the file away: what is on the device is then adopted "
                "again");
  }
  if (version == newest) {
    database.run(additions);
    return false;
  }
  Transaction transaction(database);
  for (auto step = version; step < newest; ++step) {
    database.run(migrations[static_cast<std::size_t>(step)]);
  }
  database.run(fmt::format("PRAGMA user_version = {}", newest));
  database.run(additions);
  transaction.commit();
  return true;
}

void check(Database& database, const std::filesystem::path& file) {
  if (is_sound(database)) return;
  throw Error(Fault::damaged, fmt::format("the state file {} is damaged", file.native()),
              "it is set aside as *.damaged and created again; what is on the device is then adopted again");
}

}  // namespace

std::unique_ptr<Database> open_database(const std::filesystem::path& file) {
  make_directories(file.parent_path(), 0750);
  std::error_code absent;
  const auto left_over = std::filesystem::file_size(file.native() + "-wal", absent);
  const bool ended_badly = !absent && left_over > 0;

  const bool is_new = !std::filesystem::exists(file, absent);
  auto database = std::make_unique<Database>(file, Database::Mode::write);
  // EXCLUSIVE must be set before the first access to the file: SQLite then keeps the WAL's index on the heap,
  // without a -shm file or a memory map that could be written behind the page cache's back.
  database->run("PRAGMA locking_mode = EXCLUSIVE");
  // A new file has nothing to lose until its schema is complete, which the checkpoint makes durable.
  if (is_new) database->run("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
  database->run("PRAGMA journal_mode = WAL");
  // 1 MiB of WAL before it is copied back: a page that changes often is copied once, and the WAL stays small
  // on the flash. The default page cache of 2 MiB is more than the idle agent may use.
  database->run("PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 1048576");
  database->run("PRAGMA cache_size = -512; PRAGMA temp_store = MEMORY");
  const bool has_changed = migrate(*database, file);
  database->run("PRAGMA synchronous = FULL");
  // The file itself says which schema it has: a package looks there, and knows nothing of the WAL.
  if (has_changed) database->run("PRAGMA wal_checkpoint(TRUNCATE)");
  // Reading the schema detects files that are not a database, or truncated. Checking every page takes long on
  // slow flash, so only do it if a power cut left a WAL behind; other damage is found by the call that reads
  // it.
  if (ended_badly) check(*database, file);
  return database;
}

bool is_sound(Database& database) {
  try {
    auto query = database.prepare("PRAGMA quick_check(1)");
    return query.next() && query.text(0) == "ok";
  } catch (const Error& error) {
    if (error.fault() != Fault::damaged) throw;
    return false;
  }
}

bool is_current(Database& database) {
  if (version_of(database) != static_cast<std::int64_t>(migrations.size())) return false;
  return database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'evidence'").next();
}

}  // namespace greenwave::state
