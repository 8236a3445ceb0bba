#include "state/handle.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace greenwave::state {

namespace {

Error error_of(int code, const std::string& reason, const std::string& name) {
  switch (code) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Fault::damaged, fmt::format("the state file {} is damaged: {}", name, reason),
              "it is set aside as *.damaged and created again; what is on the device is then adopted again"};
    case SQLITE_FULL:
      return {Fault::transient, fmt::format("cannot write the state file {}: the disk is full", name),
              "free some space; the next sync tries again"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Fault::transient, fmt::format("the state file {} is in use by another process", name),
              "only one greenwaved can use it: stop the other one"};
    case SQLITE_READONLY:
      return {Fault::transient, fmt::format("cannot write the state file {}: {}", name, reason),
              "remount its file system read-write, or run the agent as root"};
    case SQLITE_IOERR:
      return {Fault::transient, fmt::format("cannot read or write the state file {}: {}", name, reason),
              "check the kernel log: the storage reports an error, or is full"};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Fault::transient, fmt::format("cannot open the state file {}: {}", name, reason),
              "the agent must be able to write its directory: is it running as root?"};
    case SQLITE_NOMEM:
      return {Fault::transient, fmt::format("out of memory reading the state file {}", name)};
    default:
      return {Fault::internal, fmt::format("SQLite rejects a statement on {}: {}", name, reason)};
  }
}

std::string name_of(sqlite3* raw) {
  const char* name = sqlite3_db_filename(raw, "main");
  return name != nullptr && *name != '\0' ? name : "(in memory)";
}

[[noreturn]] void fail(sqlite3* raw) {
  int code = sqlite3_extended_errcode(raw) & 0xFF;
  std::string reason = sqlite3_errmsg(raw);
  if (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) {
    const int system = sqlite3_system_errno(raw);
    if (system == ENOSPC || system == EDQUOT) code = SQLITE_FULL;
    if (system != 0) reason += fmt::format(" ({})", std::strerror(system));
  }
  throw error_of(code, reason, name_of(raw));
}

}  // namespace

Statement::~Statement() {
  if (raw_ == nullptr) return;
  sqlite3_reset(raw_);
  sqlite3_clear_bindings(raw_);
}

Statement& Statement::bind(std::string_view text) {
  const auto size = static_cast<sqlite3_uint64>(text.size());
  const char* bytes = text.data() != nullptr ? text.data() : "";
  if (sqlite3_bind_text64(raw_, ++bound_, bytes, size, SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK) {
    fail(sqlite3_db_handle(raw_));
  }
  return *this;
}

Statement& Statement::bind_blob(std::string_view bytes) {
  const char* data = bytes.data() != nullptr ? bytes.data() : "";
  if (sqlite3_bind_blob64(raw_, ++bound_, data, bytes.size(), SQLITE_STATIC) != SQLITE_OK) {
    fail(sqlite3_db_handle(raw_));
  }
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  if (sqlite3_bind_int64(raw_, ++bound_, number) != SQLITE_OK) fail(sqlite3_db_handle(raw_));
  return *this;
}

bool Statement::next() {
  switch (sqlite3_step(raw_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      fail(sqlite3_db_handle(raw_));
  }
}

std::string Statement::text(int column) const {
  return std::string(bytes(column));
}

std::string_view Statement::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(raw_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(raw_, column))};
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(raw_, column);
}

namespace {

/// As sqlite.org/uri.html requires: escapes the special characters of a URI.
std::string uri_of(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const char letter : file.native()) {
    if (letter == '%' || letter == '?' || letter == '#') {
      uri += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    } else {
      uri += letter;
    }
  }
  return uri;
}

}  // namespace

Database::Database(const std::filesystem::path& file, Mode mode) : name_(file.native()) {
  const auto uri = uri_of(file) + (mode == Mode::frozen ? "?immutable=1" : "");
  const int access = mode == Mode::frozen ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(uri.c_str(), &raw, access | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  connection_.reset(raw);
  if (code != SQLITE_OK) throw error_of(code & 0xFF, sqlite3_errstr(code), name_);
  sqlite3_busy_timeout(raw, 1000);
}

Database::~Database() {
  for (const auto& [sql, statement] : prepared_) sqlite3_finalize(statement);
}

Statement Database::prepare(const char* sql) {
  auto& statement = prepared_[sql];
  if (statement == nullptr && sqlite3_prepare_v3(connection_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT,
                                                 &statement, nullptr) != SQLITE_OK) {
    fail(connection_.get());
  }
  return Statement(statement);
}

void Database::run(const std::string& sql) {
  if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(connection_.get());
  }
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (const Error&) {
    // A failed write has already rolled back.
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace greenwave::state
