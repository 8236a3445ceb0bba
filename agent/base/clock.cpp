#include "base/clock.h"

#include <array>
#include <charconv>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

namespace greenwave {

namespace {

struct Unit {
  std::string_view suffix;
  std::int64_t milliseconds;
};

constexpr std::array<Unit, 5> units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

}  // namespace

Time SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

Instant SystemClock::tick() const {
  return std::chrono::steady_clock::now();
}

BootTime SystemClock::boot_time() const {
  timespec since{};
  ::clock_gettime(CLOCK_BOOTTIME, &since);
  auto boot = read_file("/proc/sys/kernel/random/boot_id", 64);
  while (boot.ends_with('\n')) boot.pop_back();
  return {std::move(boot), std::chrono::duration_cast<Duration>(std::chrono::seconds(since.tv_sec) +
                                                                std::chrono::nanoseconds(since.tv_nsec))};
}

std::string to_iso(Time time) {
  const auto seconds = static_cast<std::time_t>(
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(seconds));
}

Time from_iso(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00Z";
  const auto refuse = [text] {
    return Error(Fault::invalid, fmt::format("\"{}\" is not a time", text),
                 "write it as 2026-11-24T06:11:50Z");
  };
  if (text.size() != form.size()) throw refuse();
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '0' ? !is_digit : text[i] != form[i]) throw refuse();
  }
  const auto number = [text](std::size_t at, std::size_t digits) {
    int value = 0;
    for (const char digit : text.substr(at, digits)) value = value * 10 + (digit - '0');
    return value;
  };
  using namespace std::chrono;
  const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                            day(static_cast<unsigned>(number(8, 2)))};
  if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 60) throw refuse();
  return sys_days(date) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2));
}

std::string to_words(Duration duration) {
  std::int64_t rest = duration.count();
  if (rest < 0) return "-" + to_words(-duration);
  std::string text;
  int used = 0;
  for (const auto& unit : units) {
    const auto count = rest / unit.milliseconds;
    const bool too_fine = unit.suffix == "ms" && duration.count() >= 1'000;
    if (count == 0 || too_fine) {
      if (used > 0) break;
      continue;
    }
    text += fmt::format("{}{}{}", used > 0 ? " " : "", count, unit.suffix);
    rest -= count * unit.milliseconds;
    if (++used == 2) break;
  }
  return text.empty() ? "0s" : text;
}

Duration parse_duration(std::string_view text) {
  const auto refuse = [text] {
    return Error(Fault::invalid, fmt::format("\"{}\" is not a duration", text),
                 "write a number and a unit, such as 500ms, 60s, 5m, 1h30m or 3d");
  };
  constexpr std::int64_t most = std::int64_t{3650} * 86'400'000;
  std::int64_t total = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at == end) throw refuse();
  while (at != end) {
    std::int64_t count = 0;
    const auto [after, failure] = std::from_chars(at, end, count);
    if (failure != std::errc{} || count < 0 || count > most) throw refuse();
    std::size_t letters = 0;
    while (after + letters != end && (after[letters] < '0' || after[letters] > '9')) ++letters;
    const std::string_view suffix(after, letters);
    bool known = false;
    for (const auto& unit : units) {
      if (unit.suffix != suffix) continue;
      if (count > most / unit.milliseconds) throw refuse();
      total += count * unit.milliseconds;
      known = true;
    }
    if (!known || total > most) throw refuse();
    at = after + letters;
  }
  return Duration(total);
}

}  // namespace greenwave
