#include "daemon/watch.h"

#include <algorithm>

#include <sys/eventfd.h>

#include "base/error.h"

namespace greenwave::daemon {

namespace {

/// For a process of the agent's own to answer that it has ended what it did.
constexpr auto patience = std::chrono::seconds(5);

}  // namespace

Watch::Watch(sync::Intake& intake, const std::atomic<bool>& stop, std::atomic<bool>& give_up,
             std::function<void()> over)
    : intake_(intake), stop_(stop), give_up_(give_up), over_(std::move(over)) {}

void Watch::begin(Duration most) {
  end_ = Fd(::eventfd(0, EFD_CLOEXEC));
  if (!end_) throw system_error("make", "an eventfd");
  is_over_ = false;
  answer_ = std::async(std::launch::async, [this, length = std::min(most, length_.next())] {
    const auto held = wait(length);
    is_over_ = true;
    over_();
    return held;
  });
}

/// Nothing else uses length_ meanwhile but begin(), which comes after it.
git::Held Watch::wait(Duration most) {
  const auto began = std::chrono::steady_clock::now();
  const auto held = intake_.hold({.most = most, .end = end_.get()});
  const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
  // A tip that was signed again, or a server that holds for less, shows nothing of the link.
  if (held == git::Held::same && took + std::chrono::seconds(1) >= most) length_.lasted(most);
  if (held == git::Held::lost) length_.lost(std::min(took, most));
  return held;
}

std::optional<git::Held> Watch::take() {
  if (!answer_.valid() || !is_over_) return {};
  return answer_.get();
}

void Watch::end() {
  if (!answer_.valid()) return;
  ::eventfd_write(end_.get(), 1);
  if (answer_.wait_for(patience) != std::future_status::ready) {
    give_up_ = true;
    answer_.wait();
    give_up_ = false;
    if (stop_) give_up_ = true;  // whoever sets `stop` sets that first
  }
  answer_ = {};
}

}  // namespace greenwave::daemon
