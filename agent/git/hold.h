#pragma once

#include <cstdint>

#include "base/clock.h"

namespace greenwave::git {

/// How a question for the tip ended that the server was asked to answer late: RFC 7240, "wait".
enum class Held : std::uint8_t {
  changed,  ///< the ref points elsewhere: poll
  same,     ///< the time is over, and it does not
  ended,    ///< whoever waits has something else to do
  lost,     ///< the connection was lost, or there is no answer long after the time was over
  refused,  ///< the server answers at once, or not at all
};
constexpr bool is_known(Held held) {
  return held <= Held::refused;
}

/// How long to wait.
struct Hold {
  Duration most{};  ///< in whole seconds
  int end = -1;     ///< a descriptor that can be read once the waiting must end
};

}  // namespace greenwave::git
