#include "base/problem.h"

#include <algorithm>

#include <fmt/format.h>

namespace greenwave {

std::string to_string(const Place& place) {
  std::string text = place.file ? *place.file : std::string("(no file)");
  if (place.line > 0) text += fmt::format(":{}", place.line);
  if (place.line > 0 && place.column > 0) text += fmt::format(":{}", place.column);
  return text;
}

std::string to_string(const Problem& problem) {
  const char* severity = problem.severity == Severity::error ? "error" : "warning";
  auto text = fmt::format("{}: {}: {}", to_string(problem.place), severity, problem.message);
  if (!problem.remedy.empty()) text += "; " + problem.remedy;
  return text;
}

namespace {

Problem problem(Severity severity, const Place& place, std::string message, std::string remedy) {
  if (place.secret) {
    return {severity, place, "the encrypted value is not valid here (it is not shown)",
            "open it with sops, and fix it"};
  }
  return {severity, place, std::move(message), std::move(remedy)};
}

}  // namespace

void Problems::error(const Place& place, std::string message, std::string remedy) {
  list_.push_back(problem(Severity::error, place, std::move(message), std::move(remedy)));
}

void Problems::warning(const Place& place, std::string message, std::string remedy) {
  list_.push_back(problem(Severity::warning, place, std::move(message), std::move(remedy)));
}

void Problems::append(const Problems& other) {
  list_.insert(list_.end(), other.list_.begin(), other.list_.end());
}

bool Problems::has_errors() const {
  return std::any_of(list_.begin(), list_.end(),
                     [](const Problem& problem) { return problem.severity == Severity::error; });
}

}  // namespace greenwave
