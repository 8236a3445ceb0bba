#include "git/pattern_list.h"

#include <algorithm>

#include "base/text.h"

namespace greenwave::git {

namespace {

/// One pattern, with * and ?.
bool matches_pattern(std::string_view word, std::string_view pattern) {
  std::size_t w = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (w < word.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = w;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == word[w])) {
      ++p;
      ++w;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      w = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool matches_pattern_list(std::string_view word, std::string_view patterns) {
  bool found = false;
  for (auto pattern : split(patterns, ',')) {
    const bool negated = pattern.starts_with('!');
    if (negated) pattern.remove_prefix(1);
    if (!matches_pattern(word, pattern)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

bool is_excluded(std::string_view word, std::string_view patterns) {
  const auto excludes = [&](std::string_view pattern) {
    return pattern.starts_with('!') && matches_pattern(word, pattern.substr(1));
  };
  return std::ranges::any_of(split(patterns, ','), excludes);
}

}  // namespace greenwave::git
