#include "http/preference.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace greenwave::http {

namespace {

constexpr std::uint32_t a_day = 24 * 60 * 60;

std::optional<std::uint32_t> seconds_in(std::string_view text) {
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) {
    text = text.substr(1, text.size() - 2);
  }
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds > a_day) return {};
  return seconds;
}

}  // namespace

std::optional<std::uint32_t> wait_of(std::string_view value) {
  for (const auto preference : split(value, ',')) {
    const auto word = split(preference, ';').front();  // what follows are its parameters
    const auto equals = std::min(word.find('='), word.size());
    if (!same_but_for_case(trim(word.substr(0, equals)), "wait")) continue;
    return equals == word.size() ? std::nullopt : seconds_in(trim(word.substr(equals + 1)));
  }
  return {};
}

bool varies_by_preference(std::string_view value) {
  const auto names = split(value, ',');
  return std::ranges::any_of(names, [](auto name) { return same_but_for_case(trim(name), "prefer"); });
}

}  // namespace greenwave::http
