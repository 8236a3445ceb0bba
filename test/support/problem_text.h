#pragma once

#include <string>

#include "base/problem.h"

namespace greenwave::test {

/// The problems as people see them, one on a line.
inline std::string text_of(const Problems& problems) {
  std::string text;
  for (const auto& problem : problems.list()) text += to_string(problem) + "\n";
  return text;
}

}  // namespace greenwave::test
