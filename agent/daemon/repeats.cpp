#include "daemon/repeats.h"

#include <bit>
#include <utility>

#include <fmt/format.h>

namespace greenwave::daemon {

std::optional<std::string> Repeats::due(const std::string& text) {
  if (!said_.insert(text).second) return {};
  const auto times = ++times_[text];
  if (!std::has_single_bit(times)) return {};
  if (times == 1) return text;
  return fmt::format("{} ({} times in a row)", text, times);
}

void Repeats::end_sync() {
  std::erase_if(times_, [this](const auto& one) { return !said_.contains(one.first); });
  said_.clear();
}

}  // namespace greenwave::daemon
