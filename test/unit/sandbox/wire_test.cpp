#include "sandbox/wire.h"

#include <random>

#include <catch2/catch.hpp>

using namespace greenwave;

namespace greenwave::test {

enum class Colour : std::uint8_t { red, amber, green };
bool is_known(Colour colour) {
  return colour <= Colour::green;
}

struct Signal {
  std::string name;
  Colour colour = Colour::red;
  std::optional<double> degrees;
  std::map<std::string, std::int64_t> counts;
  std::vector<Signal> heads;

  bool operator==(const Signal&) const = default;
};

auto members(Signal& signal) {
  return std::tie(signal.name, signal.colour, signal.degrees, signal.counts, signal.heads);
}

namespace {

Signal some_signal(std::mt19937& random, int depth) {
  Signal signal{.name = std::string(random() % 20, static_cast<char>(random())),
                .degrees = {},
                .counts = {},
                .heads = {}};
  signal.colour = static_cast<Colour>(random() % 3);
  if (random() % 2 == 0) signal.degrees = static_cast<double>(random()) / 7;
  for (auto left = random() % 3; left > 0; --left)
    signal.counts[std::to_string(random())] = static_cast<int>(random() % 1000);
  for (auto left = depth > 0 ? random() % 4 : 0; left > 0; --left)
    signal.heads.push_back(some_signal(random, depth - 1));
  return signal;
}

}  // namespace

TEST_CASE("wire: any value is read as it was written") {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    const auto signal = some_signal(random, 4);
    CHECK(sandbox::from_bytes<Signal>(sandbox::to_bytes(signal)) == signal);
  }
}

TEST_CASE("wire: a message that ends too early, or goes on, is malformed") {
  std::mt19937 random(8);
  for (int round = 0; round < 100; ++round) {
    const auto bytes = sandbox::to_bytes(some_signal(random, 2));
    const auto cut = bytes.substr(0, random() % bytes.size());
    CHECK_THROWS_AS(sandbox::from_bytes<Signal>(cut), sandbox::Malformed);
    CHECK_THROWS_AS(sandbox::from_bytes<Signal>(bytes + '\0'), sandbox::Malformed);
  }
}

TEST_CASE("wire: a list is not believed to be longer than its message") {
  const auto bytes = sandbox::to_bytes(std::uint32_t{4'000'000'000});
  CHECK_THROWS_AS(sandbox::from_bytes<std::vector<Signal>>(bytes), sandbox::Malformed);
  CHECK_THROWS_AS(sandbox::from_bytes<std::string>(bytes), sandbox::Malformed);
}

TEST_CASE("wire: a value that its type does not have is malformed") {
  CHECK_THROWS_AS(sandbox::from_bytes<Colour>("\x07"), sandbox::Malformed);
  CHECK_THROWS_AS(sandbox::from_bytes<bool>("\x02"), sandbox::Malformed);
}

}  // namespace greenwave::test
