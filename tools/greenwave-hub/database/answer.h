#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <libpq-fe.h>

#include "base/handle.h"

namespace greenwave::hub {

/// Owners of libpq's handles.
using RawResult = std::unique_ptr<PGresult, Freed<PQclear>>;
using RawConnection = std::unique_ptr<PGconn, Freed<PQfinish>>;

/// Why a statement has no result.
struct Failure {
  bool unavailable = false;  ///< no server, or it did not answer: the statement may be done, or not
  std::string state{};       ///< SQLSTATE, five letters, where the server refused it
  std::string message{};     ///< one line; holds no value of the statement

  /// The values are to blame, and no repeat helps (classes 22 and 23 of SQLSTATE, and 54, of limits).
  bool blames_values() const;
};

/// What came of a statement: rows of text, or a failure.
class Answer {
 public:
  explicit Answer(RawResult result) : result_(std::move(result)) {}
  explicit Answer(Failure failure) : failure_(std::move(failure)) {}

  const std::optional<Failure>& failure() const { return failure_; }
  int rows() const { return result_ ? PQntuples(result_.get()) : 0; }
  bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  /// Empty for null. Valid as long as the answer.
  std::string_view text(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }
  /// Of a column that is a number.
  std::int64_t number(int row, int column) const;

 private:
  RawResult result_;
  std::optional<Failure> failure_;
};

}  // namespace greenwave::hub
