#include "base/log_budget.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace greenwave {

namespace {

constexpr double most_lines = 100;
constexpr double lines_per_second = 1.0 / 3600;
constexpr double allowed_bytes = 2 * 1024 * 1024;
constexpr double bytes_per_second = allowed_bytes / (7 * 24 * 3600);
/// What the journal needs for one besides its text, about.
constexpr std::size_t frame = 256;
constexpr std::size_t longest_kind = 200;
/// A device has fewer objects; who makes up kinds is bounded by the bytes.
constexpr std::size_t most_kinds = 1000;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

/// With each word that has a digit in it (a number, an id, a part of an address) replaced by one "#".
std::string without_numbers(std::string_view text) {
  std::string kind;
  for (std::size_t at = 0; at < text.size() && kind.size() < longest_kind;) {
    const auto end = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_word);
    const auto word = text.substr(at, static_cast<std::size_t>(end - text.begin()) - at);
    if (word.empty()) {
      kind += text[at++];
      continue;
    }
    const bool has_digit = std::any_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
    kind += has_digit ? "#" : word;
    at += word.size();
  }
  return kind;
}

}  // namespace

void LogBudget::Allowance::fill(Instant now, double per_second, double most) {
  left = std::min(most, left + std::chrono::duration<double>(now - filled).count() * per_second);
  filled = now;
}

LogBudget::Kind& LogBudget::kind_of(const std::string& name, Instant now) {
  const auto known = kinds_.find(name);
  if (known != kinds_.end()) return known->second;
  if (kinds_.size() >= most_kinds) {
    kinds_.erase(std::min_element(kinds_.begin(), kinds_.end(), [](const auto& one, const auto& other) {
      return one.second.lines.filled < other.second.lines.filled;
    }));
  }
  return kinds_[name] = {.lines = {.left = most_lines, .filled = now}};
}

std::optional<std::string> LogBudget::admit(std::string_view object, std::string_view text, Instant now) {
  if (!bytes_) bytes_ = {.left = allowed_bytes, .filled = now};
  bytes_->fill(now, bytes_per_second, allowed_bytes);
  auto& kind = kind_of(fmt::format("{} {}", object, without_numbers(text)), now);
  kind.lines.fill(now, lines_per_second, most_lines);
  const auto size = static_cast<double>(text.size() + frame);
  if (kind.lines.left < 1 || bytes_->left < size) {
    ++kind.held_back;
    return {};
  }
  kind.lines.left -= 1;
  bytes_->left -= size;
  const auto held_back = std::exchange(kind.held_back, 0);
  if (held_back == 0) return std::string(text);
  return fmt::format("{} ({} messages like this were not logged)", text, held_back);
}

}  // namespace greenwave
