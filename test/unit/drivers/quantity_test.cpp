#include "drivers/workload/quantity.h"

#include <random>
#include <string>

#include <catch2/catch.hpp>

using namespace greenwave::drivers::workload;

TEST_CASE("quantity: amounts are read as Kubernetes reads them") {
  struct Case {
    const char* text;
    std::int64_t whole;
    std::int64_t thousandths;
  };
  for (const auto& [text, whole, thousandths] : std::initializer_list<Case>{
           {"0", 0, 0},
           {"1", 1, 1000},
           {"0.5Gi", 536'870'912, 536'870'912'000},
           {"1e3", 1000, 1'000'000},
           {"1E3", 1000, 1'000'000},
           {"1E", 1'000'000'000'000'000'000, std::numeric_limits<std::int64_t>::max()},
           {"12e-1", 2, 1200},
           {"100m", 1, 100},
           {"1500m", 2, 1500},
           {"0.1", 1, 100},
           {".5", 1, 500},
           {"5.", 5, 5000},
           {"+2k", 2000, 2'000'000},
           {"1n", 1, 1},
           {"0.1n", 1, 1},
           {"64Mi", 67'108'864, 67'108'864'000},
           {"1.5Ki", 1536, 1'536'000},
           {"128974848", 128'974'848, 128'974'848'000},
           {"129e6", 129'000'000, 129'000'000'000},
           {"000000000000000000000000000000000000000007", 7, 7000},
           {"9999999999999999999999", std::numeric_limits<std::int64_t>::max(),
            std::numeric_limits<std::int64_t>::max()},
           {"1e999999999999", std::numeric_limits<std::int64_t>::max(),
            std::numeric_limits<std::int64_t>::max()},
           {"1e-999999999999", 1, 1},
           {"-1", -1, -1000},
       }) {
    INFO(text);
    const auto quantity = parse_quantity(text);
    REQUIRE(quantity);
    CHECK(quantity->whole() == whole);
    CHECK(quantity->thousandths() == thousandths);
  }
}

TEST_CASE("quantity: what Kubernetes does not read as an amount is none") {
  for (const auto* text : {"", ".", "+", "Mi", "1 Mi", " 1", "1mi", "1MiB", "1KB", "1e", "1ee3", "1e3Mi",
                           "--1", "1.2.3", "0x10", "1,5", "inf", "1e+-3", "1e3.5"}) {
    INFO(text);
    CHECK_FALSE(parse_quantity(text));
  }
}

TEST_CASE("quantity: the same amount in other units is the same amount") {
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    const std::int64_t value = std::uniform_int_distribution<std::int64_t>(0, 1'000'000'000)(random);
    const auto plain = parse_quantity(std::to_string(value));
    CHECK(plain == parse_quantity(std::to_string(value * 1000) + "m"));
    CHECK(plain == parse_quantity(std::to_string(value) + "000e-3"));
    CHECK(parse_quantity(std::to_string(value) + "k") == parse_quantity(std::to_string(value * 1000)));
    CHECK(parse_quantity(std::to_string(value) + "Mi") ==
          parse_quantity(std::to_string(value * 1024) + "Ki"));
    CHECK(plain->whole() == value);
    const std::int64_t unit = std::uniform_int_distribution<std::int64_t>(1, 1'000'000)(random);
    const auto divisor = parse_quantity(std::to_string(unit));
    CHECK(plain->in_units_of(*divisor) == (value + unit - 1) / unit);
  }
}
