#include "sync/standing.h"

namespace greenwave::sync {

std::optional<Time> Standing::next() const {
  auto next = waiting_until;
  for (const auto& one : failed) {
    if (one.again && (!next || *one.again < *next)) next = one.again;
  }
  return next;
}

}  // namespace greenwave::sync
