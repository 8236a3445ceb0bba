#include "mirror/mirror.h"

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/error.h"
#include "mirror/git_fetch.h"
#include "mirror/passed_tips.h"

namespace greenwave::hub {

Mirror::Mirror(const MirrorConfig& config, const Log& log)
    : config_(config), log_(log), thread_([this] { follow(); }) {}

Mirror::~Mirror() {
  stop_ = true;
  {
    const Lock lock(mutex_);
    is_asked_ = true;
  }
  wakeup_.notify_all();
  thread_.join();
}

void Mirror::fetch_now() {
  {
    const Lock lock(mutex_);
    is_asked_ = true;
  }
  wakeup_.notify_all();
}

Mirror::Counts Mirror::counts() const {
  const Lock lock(mutex_);
  return counts_;
}

bool Mirror::rest(Duration time) {
  const auto until = std::chrono::steady_clock::now() + time;
  const Lock lock(mutex_);
  while (!stop_ && !is_asked_ && std::chrono::steady_clock::now() < until) wakeup_.wait_until(mutex_, until);
  is_asked_ = false;
  return !stop_;
}

void Mirror::follow() {
  std::string trouble;
  unsigned failures = 0;
  bool is_prepared = false;
  Duration pause{};
  PassedTips tips(config_, stop_);
  unsigned behind = 0;  // fetches in a row after which a tip was of another commit
  do {
    try {
      if (!is_prepared) {
        prepare_mirror(config_);
        tips.is_wanted() ? tips.take_charge() : write_tips(config_);
      }
      is_prepared = true;
      fetch_mirror(config_, stop_);
      behind = tips.pass() ? 0 : behind + 1;
      if (!trouble.empty()) log_.info("the upstream can be fetched from again");
      trouble.clear();
      failures = 0;
      pause = config_.upstream.interval;
      if (behind > 0) pause = std::min(pause, backoff(behind, {}, 1.0));
      const Lock lock(mutex_);
      ++counts_.fetches;
      counts_.last_success = SystemClock().now();
    } catch (const Error& error) {
      if (stop_) return;
      if (error.message() != trouble) log_.error(error.what());
      trouble = error.message();
      pause = std::max(config_.upstream.interval, backoff(++failures, {}, 1.0));
      const Lock lock(mutex_);
      ++counts_.fetches;
      ++counts_.failures;
    }
  } while (rest(pause));
}

}  // namespace greenwave::hub
