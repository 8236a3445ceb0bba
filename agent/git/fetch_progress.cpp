#include "git/fetch_progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::git {

namespace {

constexpr Duration second = std::chrono::seconds(1);

std::uint64_t share_of(const Fetching& fetching) {
  return fetching.announced == 0 ? 0 : fetching.objects * 100 / fetching.announced;
}

}  // namespace

std::string in_words(const Fetching& fetching) {
  auto text = fmt::format("fetching {}", fetching.commit.shortened());
  const bool lasts = fetching.took >= second;
  if (lasts) text += " for " + to_words(std::chrono::floor<std::chrono::seconds>(fetching.took));
  text += ": " + bytes_in_words(fetching.bytes);
  if (fetching.announced > 1) {
    text += fmt::format(", {}% of {} objects", share_of(fetching), fetching.announced);
  }
  if (lasts) text += fmt::format(", {}/s", bytes_in_words(fetching.rate));
  return text;
}

void RecentRate::add(Duration age, std::uint64_t bytes) {
  const auto number = age / second;
  auto& place = seconds_[static_cast<std::size_t>(number) % seconds_.size()];
  if (place.number != number) place = {number, 0};
  place.bytes += bytes;
}

std::uint64_t RecentRate::at(Duration age) const {
  const auto all = static_cast<std::int64_t>(seconds_.size());
  const auto now = age / second;
  std::uint64_t bytes = 0;
  for (const auto& [number, count] : seconds_) {
    if (number >= 0 && number > now - all && number <= now) bytes += count;
  }
  // The whole seconds before this one, and what has passed of it.
  const auto window = std::min(age, (all - 1) * second + age % second);
  return bytes * 1000 / static_cast<std::uint64_t>(std::max(window, second).count());
}

void FetchProgress::begin(const CommitId& commit) {
  const Lock lock(mutex_);
  if (current_ && current_->commit == commit) return;
  current_ = Fetching{.commit = commit};
  began_ = beat_ = clock_.tick();
  rate_ = {};
}

void FetchProgress::end() {
  const Lock lock(mutex_);
  current_.reset();
}

void FetchProgress::receive(std::size_t bytes) {
  {
    const Lock lock(mutex_);
    if (!current_) return;
    current_->bytes += bytes;
    rate_.add(age(), bytes);
  }
  if (bytes > 0) work();
}

void FetchProgress::work() {
  if (!heartbeat_) return;
  {
    const Lock lock(mutex_);
    if (!is_beat_due()) return;
  }
  heartbeat_();
}

void FetchProgress::count(std::uint64_t objects, std::uint64_t announced) {
  {
    const Lock lock(mutex_);
    if (!current_) return;
    const auto before = share_of(*current_);
    current_->objects = objects;
    current_->announced = announced;
    if (share_of(*current_) == before) return;
    beat_ = clock_.tick();
  }
  if (heartbeat_) heartbeat_();
}

std::optional<Fetching> FetchProgress::read() const {
  const Lock lock(mutex_);
  auto fetching = current_;
  if (!fetching) return {};
  fetching->took = age();
  fetching->since = clock_.now() - fetching->took;
  fetching->rate = rate_.at(fetching->took);
  return fetching;
}

bool FetchProgress::is_beat_due() {
  const auto now = clock_.tick();
  if (!current_ || now - beat_ < interval_) return false;
  beat_ = now;
  return true;
}

Duration FetchProgress::age() const {
  return std::chrono::duration_cast<Duration>(clock_.tick() - began_);
}

}  // namespace greenwave::git
