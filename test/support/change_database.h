#pragma once

#include <filesystem>
#include <string>

#include <catch2/catch.hpp>
#include <sqlite3.h>

namespace greenwave::test {

/// What a worn flash does to a state file that nobody has open, in SQL.
inline void change_database(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* raw = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &raw) == SQLITE_OK);
  CHECK(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  CHECK(sqlite3_changes(raw) > 0);
  sqlite3_close(raw);
}

}  // namespace greenwave::test
