#include "daemon/schedule.h"

#include <cstdint>

#include "base/digest.h"

namespace greenwave::daemon {

namespace {

/// The device's first moment after `time`.
Time moment_after(Time time, Duration interval, std::string_view device) {
  if (interval <= Duration::zero()) return time;
  // SHA-256 because std::hash may change with the compiler, and the splay with it.
  const auto digest = sha256(device);
  std::uint64_t hash = 0;
  for (int i = 0; i < 8; ++i) hash = hash << 8 | digest.bytes[static_cast<std::size_t>(i)];
  const Duration offset(static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(interval.count())));
  const auto into = (time.time_since_epoch() - offset) % interval;
  const auto since = into < Duration::zero() ? into + interval : into;
  return time + (interval - since);
}

}  // namespace

Time first_poll(Time now, Duration interval, std::string_view device) {
  return moment_after(now, interval, device);
}

Time next_poll(Time now, Duration interval, std::string_view device, double random) {
  const Duration jitter(static_cast<std::int64_t>(static_cast<double>(interval.count()) * random / 10));
  return moment_after(now + interval / 2, interval, device) + jitter;
}

}  // namespace greenwave::daemon
