#include "database/answer.h"

#include <charconv>

namespace greenwave::hub {

bool Failure::blames_values() const {
  return state.starts_with("22") || state.starts_with("23") || state.starts_with("54");
}

std::int64_t Answer::number(int row, int column) const {
  const auto written = text(row, column);
  std::int64_t value = 0;
  std::from_chars(written.data(), written.data() + written.size(), value);
  return value;
}

}  // namespace greenwave::hub
