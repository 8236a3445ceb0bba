#include "fleet/table.h"

#include <algorithm>

namespace greenwave::fleet {

namespace {

bool starts_character(char byte) {
  return (byte & 0xC0) != 0x80;
}

std::size_t length_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, starts_character));
}

std::string cut(const std::string& text, std::size_t most) {
  if (length_of(text) <= most) return text;
  std::size_t at = 0;
  for (std::size_t count = 0; at < text.size(); ++at) {
    if (starts_character(text[at]) && ++count == most) break;
  }
  return text.substr(0, at) + "…";
}

std::string line(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                 const cli::Style& style) {
  std::string text;
  std::size_t owed = 0;  // blanks that only a later text needs
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto& cell = cells[i];
    if (!cell.text.empty()) {
      text += std::string(owed, ' ') + (cell.paint ? cli::paint(style, *cell.paint, cell.text) : cell.text);
      owed = 0;
    }
    owed += widths[i] - length_of(cell.text) + 2;
  }
  return text + "\n";
}

}  // namespace

void Table::add(std::vector<Cell> cells, std::string below) {
  cells.resize(columns_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i].text = cut(cells[i].text, columns_[i].most);
  rows_.push_back({std::move(cells), std::move(below)});
}

std::string Table::text(const cli::Style& style) const {
  std::vector<std::size_t> widths;
  std::vector<Cell> titles;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto width = length_of(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, length_of(row.cells[i].text));
    widths.push_back(width);
    titles.push_back({columns_[i].title, cli::Paint::faint});
  }
  auto text = line(titles, widths, style);
  for (const auto& row : rows_) {
    text += line(row.cells, widths, style);
    if (!row.below.empty()) text += "    " + cli::wrap(row.below, 4, style.width) + "\n";
  }
  return text;
}

}  // namespace greenwave::fleet
