#include "base/backoff.h"

#include <algorithm>

namespace greenwave {

namespace {

constexpr Duration least = std::chrono::seconds(1);
constexpr Duration first = std::chrono::seconds(5);
constexpr Duration cap = std::chrono::minutes(15);
constexpr Duration longest_wish = std::chrono::hours(24);

}  // namespace

Duration backoff(unsigned failures, std::optional<Duration> retry_after, double random) {
  const unsigned doublings = std::min(failures > 0 ? failures - 1 : 0, 16U);
  const auto ceiling = std::min(first * (1 << doublings), cap);
  const auto floor = std::clamp(retry_after.value_or(least), least, longest_wish);
  const double spread = static_cast<double>((ceiling - least).count()) * random;
  return floor + Duration(static_cast<std::int64_t>(spread));
}

}  // namespace greenwave
