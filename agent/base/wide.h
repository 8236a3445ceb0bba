#pragma once

#include <compare>
#include <cstdint>

namespace greenwave {

/// An unsigned 128-bit integer: compilers for 32 bits have none. Overflow wraps; division by zero is
/// undefined.
struct Wide {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const Wide&) const = default;
};

constexpr Wide times(Wide value, std::uint32_t factor) {
  constexpr std::uint64_t half = 0xFFFFFFFF;
  const auto right = (value.low & half) * factor;
  const auto left = (value.low >> 32U) * factor + (right >> 32U);
  return {value.high * factor + (left >> 32U), (left << 32U) | (right & half)};
}

constexpr Wide plus(Wide value, std::uint64_t more) {
  const auto low = value.low + more;
  return {value.high + (low < more ? 1 : 0), low};
}

constexpr Wide minus(Wide value, Wide less) {
  return {value.high - less.high - (value.low < less.low ? 1 : 0), value.low - less.low};
}

struct WideQuotient {
  Wide quotient;
  Wide rest;
};

/// Binary long division.
constexpr WideQuotient divide(Wide value, Wide divisor) {
  WideQuotient result;
  for (int digit = 127; digit >= 0; --digit) {
    auto& [quotient, rest] = result;
    const auto place = static_cast<unsigned>(digit % 64);
    const auto bit = ((digit >= 64 ? value.high : value.low) >> place) & 1U;
    const bool carries = rest.high >> 63U != 0;
    rest = {(rest.high << 1U) | (rest.low >> 63U), (rest.low << 1U) | bit};
    if (!carries && rest < divisor) continue;
    rest = minus(rest, divisor);
    (digit >= 64 ? quotient.high : quotient.low) |= std::uint64_t{1} << place;
  }
  return result;
}

}  // namespace greenwave
