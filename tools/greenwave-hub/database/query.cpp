#include "database/query.h"

#include <utility>

#include <fmt/format.h>

namespace greenwave::hub {

std::string Conditions::value(std::string value) {
  values_.emplace_back(std::move(value));
  return fmt::format("${}", values_.size());
}

void Conditions::add(std::string_view condition, std::string with) {
  const auto stands_for = value(std::move(with));
  text_ += " AND (";
  for (auto at = condition.find("{}"); at != std::string_view::npos; at = condition.find("{}")) {
    text_ += condition.substr(0, at);
    text_ += stands_for;
    condition.remove_prefix(at + 2);
  }
  text_ += condition;
  text_ += ')';
}

void ArrayText::separate() {
  if (text_.size() > 1) text_ += ',';
}

void ArrayText::add(std::string_view element) {
  separate();
  text_ += '"';
  for (const char one : element) {
    if (one == '"' || one == '\\') text_ += '\\';
    text_ += one;
  }
  text_ += '"';
}

void ArrayText::add_plain(std::string_view number) {
  separate();
  text_ += number;
}

void ArrayText::add_null() {
  separate();
  text_ += "NULL";
}

std::string ArrayText::take() {
  text_ += '}';
  return std::exchange(text_, std::string(1, '{'));
}

}  // namespace greenwave::hub
