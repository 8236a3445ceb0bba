#include "base/wide.h"

#include <cstdint>
#include <random>

#include <catch2/catch.hpp>

using namespace greenwave;

TEST_CASE("wide: a number that needs both halves is divided and multiplied by hand") {
  const Wide two_to_64{1, 0};
  CHECK(times({0, 1ULL << 63U}, 2) == two_to_64);
  CHECK(plus({0, ~0ULL}, 1) == two_to_64);
  CHECK(minus(two_to_64, {0, 1}) == Wide{0, ~0ULL});
  CHECK(divide(two_to_64, {0, 10}).quotient == Wide{0, 1844674407370955161});
  CHECK(divide(two_to_64, {0, 10}).rest == Wide{0, 6});
  CHECK(divide({~0ULL, ~0ULL}, {~0ULL, 0}).quotient == Wide{0, 1});
}

#ifdef __SIZEOF_INT128__
namespace {

__extension__ using Native = unsigned __int128;

Native native(Wide value) {
  return static_cast<Native>(value.high) << 64U | value.low;
}

Wide wide(Native value) {
  return {static_cast<std::uint64_t>(value >> 64U), static_cast<std::uint64_t>(value)};
}

}  // namespace

TEST_CASE(
    "wide: any two numbers have the product, sum, difference, quotient, rest and order of the compiler's "
    "own") {
  std::mt19937_64 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same numbers each time
  // Of every length, since those that are all long say little of how halves carry.
  const auto any = [&random] { return Native{random()} << (random() % 65) >> (random() % 65); };
  for (int round = 0; round < 20'000; ++round) {
    const auto one = any();
    const auto other = any() + 1;
    const auto factor = static_cast<std::uint32_t>(random());
    REQUIRE(native(wide(one)) == one);
    REQUIRE(times(wide(one), factor) == wide(one * factor));
    REQUIRE(plus(wide(one), factor) == wide(one + factor));
    REQUIRE(minus(wide(one), wide(other)) == wide(one - other));
    if (other == 0) continue;
    REQUIRE(divide(wide(one), wide(other)).quotient == wide(one / other));
    REQUIRE(divide(wide(one), wide(other)).rest == wide(one % other));
    REQUIRE((wide(one) < wide(other)) == (one < other));
  }
}
#endif
