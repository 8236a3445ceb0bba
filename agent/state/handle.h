#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <sqlite3.h>

#include "base/handle.h"

namespace greenwave::state {

using Connection = std::unique_ptr<sqlite3, Freed<sqlite3_close>>;

/// A prepared statement in use: `bind` sets its parameters in order, `next` or `run` steps it, and the
/// destructor resets it, so that it can be used again.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* raw) : raw_(raw) {}
  Statement(Statement&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)), bound_(other.bound_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// The bytes must stay valid until the statement has run.
  Statement& bind(std::string_view text);
  Statement& bind_blob(std::string_view bytes);
  Statement& bind(std::int64_t number);

  /// Whether there is a row to read.
  bool next();
  void run() {
    while (next()) {
    }
  }

  std::string text(int column) const;
  /// Valid until the next step.
  std::string_view bytes(int column) const;
  std::int64_t number(int column) const;

 private:
  sqlite3_stmt* raw_;
  int bound_ = 0;
};

/// An open database file and its prepared statements. Not thread-safe.
class Database {
 public:
  enum class Mode {
    write,
    frozen,  ///< read-only, with no concurrent writer: takes no lock and reads no WAL
  };

  Database(const std::filesystem::path& file, Mode mode);
  ~Database();

  /// `sql` must be a literal: it is prepared on first use and cached by its address.
  Statement prepare(const char* sql);
  /// Any number of statements without results.
  void run(const std::string& sql);

 private:
  std::string name_;
  Connection connection_;
  std::unordered_map<const char*, sqlite3_stmt*> prepared_;
};

/// Writes during its lifetime go to the WAL without a sync; the next transaction after it syncs them. Losing
/// them must be acceptable. std::terminate if the setting cannot be restored.
class Unsynced {
 public:
  explicit Unsynced(Database& database) : database_(database) {
    database_.run("PRAGMA synchronous = NORMAL");
  }
  // NOLINTNEXTLINE(bugprone-exception-escape): to go on without syncs would be worse
  ~Unsynced() { database_.run("PRAGMA synchronous = FULL"); }
  Unsynced(const Unsynced&) = delete;
  Unsynced& operator=(const Unsynced&) = delete;

 private:
  Database& database_;
};

/// Everything within its lifetime is committed durably, or nothing is.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace greenwave::state
