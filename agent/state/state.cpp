#include "state/state.h"

#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "state/codec.h"
#include "state/handle.h"
#include "state/schema.h"

namespace greenwave::state {

namespace {

Statement& bind(Statement& statement, const ObjectId& id) {
  return statement.bind(id.api_version).bind(id.kind).bind(id.namespace_).bind(id.name);
}

constexpr const char* intend_sql = R"sql(
  INSERT INTO objects (api_version, kind, namespace, name, digest, intended, live, keep, rank, commit_id,
                       claims, record, error, files)
  VALUES (?, ?, ?, ?, x'', 1, 0, ?, ?, '', ?, ?, '', x'')
  ON CONFLICT DO UPDATE SET intended = 1, keep = excluded.keep, rank = excluded.rank,
                            claims = excluded.claims, record = excluded.record
  WHERE (intended, keep, rank, claims, record)
        IS NOT (1, excluded.keep, excluded.rank, excluded.claims, excluded.record)
)sql";

constexpr const char* owe_sql = R"sql(
  INSERT INTO owed (unit, cause, restart) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET restart = 1 WHERE restart < excluded.restart
)sql";

constexpr const char* settle_sql = R"sql(
  INSERT INTO objects (api_version, kind, namespace, name, digest, intended, live, keep, rank, commit_id,
                       claims, record, error, files, passes)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET digest = excluded.digest, intended = excluded.intended, live = excluded.live,
                            keep = excluded.keep, rank = excluded.rank, commit_id = excluded.commit_id,
                            claims = excluded.claims, record = excluded.record, error = excluded.error,
                            files = excluded.files, passes = excluded.passes
  WHERE (digest, intended, live, keep, rank, commit_id, claims, record, error, files, passes)
        IS NOT (excluded.digest, excluded.intended, excluded.live, excluded.keep, excluded.rank,
                excluded.commit_id, excluded.claims, excluded.record, excluded.error, excluded.files,
                excluded.passes)
)sql";

constexpr const char* inventory_sql = R"sql(
  SELECT api_version, kind, namespace, name, digest, intended, live, keep, rank, commit_id, claims, record,
         error, files, passes
  FROM objects ORDER BY api_version, kind, namespace, name
)sql";

Entry read_entry(const Statement& row) {
  Entry entry;
  entry.id = {row.text(0), row.text(1), row.text(2), row.text(3)};
  entry.digest = decode_digest(row.bytes(4));
  entry.intended = row.number(5) != 0;
  entry.live = row.number(6) != 0;
  entry.keep = row.number(7) != 0;
  entry.rank = static_cast<int>(row.number(8));
  entry.commit = CommitId(row.text(9));
  entry.claims = decode_texts(row.bytes(10));
  entry.record = row.text(11);
  entry.error = row.text(12);
  entry.files = decode_files(row.bytes(13));
  entry.passes = row.number(14) != 0;
  return entry;
}

void write_entry(Database& database, const Entry& entry) {
  const auto claims = encode(entry.claims);
  const auto files = encode(entry.files);
  auto statement = database.prepare(settle_sql);
  bind(statement, entry.id).bind_blob(encode(entry.digest)).bind(std::int64_t{entry.intended});
  statement.bind(std::int64_t{entry.live}).bind(std::int64_t{entry.keep}).bind(std::int64_t{entry.rank});
  statement.bind(entry.commit.text())
      .bind_blob(claims)
      .bind(entry.record)
      .bind(entry.error)
      .bind_blob(files)
      .bind(std::int64_t{entry.passes})
      .run();
}

void write_intent(Database& database, const Entry& entry) {
  const auto claims = encode(entry.claims);
  auto statement = database.prepare(intend_sql);
  bind(statement, entry.id).bind(std::int64_t{entry.keep}).bind(std::int64_t{entry.rank});
  statement.bind_blob(claims).bind(entry.record).run();
}

}  // namespace

State::State(const std::filesystem::path& file) : database_(open_database(file)) {}
State::State(std::unique_ptr<Database> database) : database_(std::move(database)) {}
State::~State() = default;

void State::copy_to(const std::filesystem::path& file) const {
  const Lock lock(mutex_);
  std::string quoted;
  for (const char c : file.native()) quoted += c == '\'' ? "\'\'" : std::string(1, c);
  database_->run(fmt::format("VACUUM INTO '{}'", quoted));
}

bool State::sound() const {
  {
    const Lock lock(mutex_);
    if (!is_sound(*database_)) return false;
  }
  // SQLite detects a damaged page, but not wrong values in it.
  try {
    inventory();
    owed();
    pause();
    history(std::numeric_limits<std::size_t>::max());
    return true;
  } catch (const Error& error) {
    if (error.fault() != Fault::damaged) throw;
    return false;
  }
}

std::vector<Entry> State::inventory() const {
  const Lock lock(mutex_);
  std::vector<Entry> entries;
  {
    auto count = database_->prepare("SELECT count(*) FROM objects");
    count.next();
    entries.reserve(static_cast<std::size_t>(count.number(0)));
  }
  auto rows = database_->prepare(inventory_sql);
  while (rows.next()) entries.push_back(read_entry(rows));
  return entries;
}

void State::intend(std::span<const Entry> entries, std::span<const plan::Owed> owed) {
  const Lock lock(mutex_);
  Transaction transaction(*database_);
  for (const auto& entry : entries) write_intent(*database_, entry);
  for (const auto& one : owed) {
    const auto unit = encode(one.unit);
    const auto cause = encode(one.because);
    database_->prepare(owe_sql).bind_blob(unit).bind_blob(cause).bind(std::int64_t{one.restart}).run();
  }
  transaction.commit();
}

void State::settle(std::span<const Entry> entries, std::span<const ObjectId> forgotten,
                   std::span<const plan::Owed> done) {
  const Lock lock(mutex_);
  Transaction transaction(*database_);
  for (const auto& entry : entries) write_entry(*database_, entry);
  for (const auto& id : forgotten) {
    auto statement = database_->prepare(
        "DELETE FROM objects WHERE api_version = ? AND kind = ? AND namespace = ? AND name = ?");
    bind(statement, id).run();
    const auto unit = encode(id);
    database_->prepare("DELETE FROM owed WHERE unit = ?").bind_blob(unit).run();
  }
  for (const auto& one : done) {
    const auto unit = encode(one.unit);
    const auto cause = encode(one.because);
    auto statement = database_->prepare("DELETE FROM owed WHERE unit = ? AND cause = ?");
    statement.bind_blob(unit).bind_blob(cause).run();
  }
  transaction.commit();
}

std::vector<plan::Owed> State::owed() const {
  const Lock lock(mutex_);
  std::vector<plan::Owed> owed;
  auto rows = database_->prepare("SELECT unit, restart, cause FROM owed ORDER BY unit, cause");
  while (rows.next()) {
    owed.push_back({decode_id(rows.bytes(0)), rows.number(1) != 0, decode_id(rows.bytes(2))});
  }
  return owed;
}

}  // namespace greenwave::state
