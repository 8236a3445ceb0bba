#pragma once

#include <cstdlib>

namespace greenwave::test {

/// How many seeds a property is tried with: GREENWAVE_SEEDS, or `usual`.
inline unsigned seed_count(unsigned usual) {
  const char* chosen = std::getenv("GREENWAVE_SEEDS");
  return chosen != nullptr ? static_cast<unsigned>(std::atoi(chosen)) : usual;
}

/// The first of them: GREENWAVE_FIRST_SEED, to look at one alone.
inline unsigned first_seed() {
  const char* chosen = std::getenv("GREENWAVE_FIRST_SEED");
  return chosen != nullptr ? static_cast<unsigned>(std::atoi(chosen)) : 0;
}

}  // namespace greenwave::test
