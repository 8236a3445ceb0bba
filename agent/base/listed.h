#pragma once

#include <algorithm>
#include <functional>
#include <string>

namespace greenwave {

/// "a, b and 3 more": the names of at most `most` items.
template <typename Items, typename Name = std::identity>
std::string listed(const Items& items, std::size_t most, Name name = {}) {
  std::string text;
  for (std::size_t i = 0; i < std::min(items.size(), most); ++i) {
    if (i > 0) text += ", ";
    text += std::invoke(name, items[i]);
  }
  if (items.size() > most) text += " and " + std::to_string(items.size() - most) + " more";
  return text;
}

}  // namespace greenwave
