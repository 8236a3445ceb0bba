#include "daemon/timetable.h"

#include <algorithm>

#include "base/backoff.h"
#include "daemon/schedule.h"

namespace greenwave::daemon {

namespace {

constexpr Duration pause_look = std::chrono::seconds(1);
constexpr Duration look_ahead = std::chrono::seconds(20);
/// What is left of an idle time when the server is to answer.
constexpr Duration before_work = std::chrono::seconds(8);
/// Not worth holding a question for.
constexpr Duration too_short = std::chrono::seconds(2);
/// Not worth another question, nor is half an interval: the poll that follows is made early, and asks nobody,
/// since the last answer is fresh.
constexpr Duration short_rest = std::chrono::seconds(30);
/// When the server is asked again after a held question was lost, at the latest.
constexpr Duration longest_deafness = std::chrono::minutes(1);
constexpr Duration longest_sleep = std::chrono::seconds(30);  ///< well within the watchdog's patience

}  // namespace

void Timetable::start(const Pace& pace) {
  failures_ = 0;
  poll_in(Duration::zero());
  repair_in(pace.interval);
}

void Timetable::pass(const Pace& pace) {
  failures_ = 0;
  const auto now = clock_.now();
  poll_in(before_opening(first_poll(now, pace.interval, pace.device) - now));
  repair_in(pace.interval);
}

void Timetable::asked(const Pace& pace) {
  poll_.reset();
  repair_in(pace.interval / 2);
}

void Timetable::repaired(const Pace& pace) {
  repair_in(regular_wait(pace));
}

void Timetable::ended(const sync::Result& result, const Pace& pace, Duration retry_after) {
  goes_on(result.standing);
  // A commit that is refused is no reason to leave the server alone: the next one may come any minute.
  failures_ = result.exit_code == 2 && !result.answered ? failures_ + 1 : 0;
  const auto regular = regular_wait(pace);
  repair_in(regular);
  auto wait = before_opening(regular);
  if (result.again) wait = Duration::zero();
  if (failures_ > 0) wait = std::max(wait, backoff(failures_, retry_after, random()));
  poll_in(wait);
}

Duration Timetable::regular_wait(const Pace& pace) {
  const auto now = clock_.now();
  return daemon::next_poll(now, pace.interval, pace.device, random()) - now;
}

double Timetable::random() {
  return std::uniform_real_distribution<double>(0, 1)(generator_);
}

/// With a last look at the repository shortly before a window opens: what came meanwhile is fetched and
/// verified.
Duration Timetable::before_opening(Duration wait) const {
  const auto now = clock_.now();
  if (!window_ || now + look_ahead >= *window_) return wait;
  return std::min(wait, *window_ - look_ahead - now);
}

void Timetable::poll_in(Duration wait) {
  poll_ = clock_.tick() + wait;
}

void Timetable::repair_in(Duration wait) {
  repair_ = clock_.tick() + wait;
}

void Timetable::goes_on(const sync::Standing& standing) {
  opening_ = standing.next();
  window_ = standing.waiting_until;
}

void Timetable::look_again() {
  opening_ = clock_.now() + pause_look;
}

void Timetable::poll_within(Duration most) {
  const auto at =
      clock_.tick() + Duration(static_cast<std::int64_t>(random() * static_cast<double>(most.count())));
  if (!poll_ || at < *poll_) poll_ = at;
}

std::optional<Duration> Timetable::time_to_hold() const {
  const auto left = idle();
  if (!left || *left < before_work + too_short) return {};
  return *left - before_work;
}

void Timetable::held(git::Held held, const Pace& pace) {
  // A poll that is due soon is made at once: else nobody would wait for a change until then.
  const auto left = idle();
  const auto soon = std::max(before_work + too_short, std::min(short_rest, pace.interval / 2));
  const bool is_due_soon = held == git::Held::same && left && *left < soon;
  if (held == git::Held::changed || is_due_soon) poll_now();
  if (held == git::Held::lost) poll_within(longest_deafness);
}

bool Timetable::is_poll_due() const {
  return poll_ && clock_.tick() >= *poll_;
}

bool Timetable::is_repair_due() const {
  return clock_.tick() >= repair_;
}

bool Timetable::has_window() const {
  return window_ && clock_.now() >= *window_;
}

bool Timetable::has_opened() const {
  return opening_ && clock_.now() >= *opening_;
}

/// Slept through in pieces, since the wall clock that windows go by may jump: at the first answer of NTP for
/// one, which is waited for with a closer eye.
Instant Timetable::wake() const {
  const auto now = clock_.now();
  const auto tick = clock_.tick();
  const auto due = std::min(poll_.value_or(repair_), repair_);
  if (!opening_) return std::min(due, tick + longest_sleep);
  const Duration piece = now < clock_is_set ? std::chrono::seconds(1) : longest_sleep;
  return std::min({due, tick + piece, tick + std::max(*opening_ - now, Duration::zero())});
}

std::optional<Duration> Timetable::idle() const {
  if (!poll_) return {};
  auto left = std::chrono::duration_cast<Duration>(std::min(*poll_, repair_) - clock_.tick());
  if (opening_) left = std::min(left, *opening_ - clock_.now());
  return left;
}

Time Timetable::next_sync() const {
  const auto wait = std::chrono::duration_cast<Duration>(poll_.value_or(repair_) - clock_.tick());
  return clock_.now() + std::max(wait, Duration::zero());
}

}  // namespace greenwave::daemon
