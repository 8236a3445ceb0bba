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

/// A prepared statement under way: bound by `bind` in the order of its parameters, stepped by `next` or
/// `run`, and reset at the end of its life, so that it can be used again.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* raw) : raw_(raw) {}
  Statement(Statement&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)), bound_(other.bound_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// The bytes must stay where they are until the statement has run.
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

/// One open file, with the statements that it has prepared. Not thread-safe.
class Database {
 public:
  enum class Mode {
    write,
    frozen,  ///< read-only, and nobody writes it meanwhile: no lock is taken, nothing beside it is looked at
  };

  Database(const std::filesystem::path& file, Mode mode);
  ~Database();

  /// `sql` is a literal: it is prepared at its first use and kept.
  Statement prepare(const char* sql);
  /// Any number of statements that return nothing of interest.
  void run(const std::string& sql);

 private:
  std::string name_;
  Connection connection_;
  std::unordered_map<const char*, sqlite3_stmt*> prepared_;
};

/// What is written within its life stands in the WAL, but is not flushed: the next transaction after it does
/// that. What would go on without that ends the process.
class Unsynced {
 public:
  explicit Unsynced(Database& database) : database_(database) {
    database_.run("PRAGMA synchronous = NORMAL");
  }
  ~Unsynced() { database_.run("PRAGMA synchronous = FULL"); }
  Unsynced(const Unsynced&) = delete;
  Unsynced& operator=(const Unsynced&) = delete;

 private:
  Database& database_;
};

/// Everything within its life happens, durably, or nothing does.
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
