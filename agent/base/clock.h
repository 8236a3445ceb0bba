#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace greenwave {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::sys_time<std::chrono::milliseconds>;  ///< the wall clock, UTC
using Instant = std::chrono::steady_clock::time_point;          ///< for measuring and waiting

/// Before this date the wall clock is certainly unset: a device without a battery starts in 1970, or at the
/// build date of its system.
inline constexpr Time clock_is_set = std::chrono::sys_days{std::chrono::year{2025} / 1 / 1};

/// A moment that no setting of the wall clock moves: how long one boot of the machine has lasted, suspension
/// included.
struct BootTime {
  std::string boot;  ///< the boot's id, of the kernel
  Duration since{};

  bool operator==(const BootTime&) const = default;
};

/// The only source of time. Tests pass their own.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual Instant tick() const = 0;
  virtual BootTime boot_time() const = 0;
};

class SystemClock : public Clock {
 public:
  Time now() const override;
  Instant tick() const override;
  BootTime boot_time() const override;
};

/// "2026-11-24T06:11:50Z"
std::string to_iso(Time time);

/// Reads what to_iso writes. Throws Error (invalid) whose remedy shows the form.
Time from_iso(std::string_view text);

/// "250ms", "45s", "2h 5m", "3d 4h": at most two units, for people.
std::string to_words(Duration duration);

/// Reads "500ms", "60s", "5m", "2h", "1h30m", "3d". Throws Error (invalid); its remedy shows the forms.
Duration parse_duration(std::string_view text);

}  // namespace greenwave
