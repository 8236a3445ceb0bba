#pragma once

#include <algorithm>
#include <iterator>
#include <ranges>

namespace greenwave {

/// Whether an element of the list equals the value.
template <std::ranges::input_range List, typename Value>
bool contains(const List& list, const Value& value) {
  return std::find(std::begin(list), std::end(list), value) != std::end(list);
}

}  // namespace greenwave
