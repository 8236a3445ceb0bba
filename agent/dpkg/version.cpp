#include "dpkg/version.h"

#include <algorithm>
#include <cstddef>

namespace greenwave::dpkg {

namespace {

constexpr std::size_t longest = 256;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

struct Parts {
  std::string_view epoch;
  std::string_view upstream;
  std::string_view revision;
};

Parts parts_of(std::string_view text) {
  Parts parts;
  if (const auto colon = text.find(':'); colon != text.npos) {
    parts.epoch = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  const auto dash = text.rfind('-');
  parts.upstream = text.substr(0, dash);
  if (dash != text.npos) parts.revision = text.substr(dash + 1);
  return parts;
}

/// Where a character that is no digit comes; 0: the end of the text, or a digit.
int weight(std::string_view text) {
  constexpr int after_letters = 256;
  if (text.empty() || is_digit(text.front())) return 0;
  const char c = text.front();
  if (c == '~') return -1;
  return is_letter(c) ? c : static_cast<unsigned char>(c) + after_letters;
}

std::string_view take_digits(std::string_view& text) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  auto digits = text.substr(0, end);
  text.remove_prefix(end);
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

/// Of numbers of any length, without leading zeros.
std::strong_ordering compare_digits(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::strong_ordering compare_part(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    while ((!a.empty() && !is_digit(a.front())) || (!b.empty() && !is_digit(b.front()))) {
      if (const auto order = weight(a) <=> weight(b); order != 0) return order;
      if (!a.empty()) a.remove_prefix(1);
      if (!b.empty()) b.remove_prefix(1);
    }
    const auto digits = take_digits(a);
    if (const auto order = compare_digits(digits, take_digits(b)); order != 0) return order;
  }
  return std::strong_ordering::equal;
}

}  // namespace

bool is_version(std::string_view text) {
  if (text.empty() || text.size() > longest) return false;
  const bool has_epoch = text.find(':') != text.npos;
  const auto [epoch, upstream, revision] = parts_of(text);
  if (has_epoch && (epoch.empty() || !std::ranges::all_of(epoch, is_digit))) return false;
  if (upstream.empty() || !is_digit(upstream.front())) return false;
  if (text.find('-') != text.npos && revision.empty()) return false;
  const auto may_be_in = [](std::string_view others) {
    return [others](char c) { return is_digit(c) || is_letter(c) || others.find(c) != others.npos; };
  };
  return std::ranges::all_of(upstream, may_be_in(has_epoch ? ".+-~:" : ".+-~")) &&
         std::ranges::all_of(revision, may_be_in(".+~"));
}

std::strong_ordering compare_versions(std::string_view a, std::string_view b) {
  const auto left = parts_of(a);
  const auto right = parts_of(b);
  if (const auto order = compare_part(left.epoch, right.epoch); order != 0) return order;
  if (const auto order = compare_part(left.upstream, right.upstream); order != 0) return order;
  return compare_part(left.revision, right.revision);
}

bool is_package_name(std::string_view text) {
  const auto may_begin = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); };
  const auto may_follow = [&](char c) { return may_begin(c) || c == '+' || c == '-' || c == '.'; };
  return text.size() >= 2 && text.size() <= longest && may_begin(text.front()) &&
         std::ranges::all_of(text, may_follow);
}

}  // namespace greenwave::dpkg
