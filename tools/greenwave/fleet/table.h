#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "context/style.h"

namespace greenwave::fleet {

struct Cell {
  std::string text;  ///< printable
  std::optional<cli::Paint> paint{};
};

/// Rows in columns that are as wide as their texts, and at most as wide as each column says; longer texts are
/// cut with "…". Between columns are two blanks.
class Table {
 public:
  struct Column {
    std::string title;
    std::size_t most;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// `below`: what is wrapped under the row; may be empty.
  void add(std::vector<Cell> cells, std::string below = {});
  bool empty() const { return rows_.empty(); }
  std::string text(const cli::Style& style) const;

 private:
  struct Row {
    std::vector<Cell> cells;
    std::string below;
  };

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace greenwave::fleet
